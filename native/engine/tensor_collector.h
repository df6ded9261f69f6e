#pragma once
#include <vector>

#include "engine/groups.h"
#include "engine/parameter_store.h"

namespace flm {

// Puts whole tensors together from the parts that the ranks of one pipeline stage own, for checkpoints:
// memory is one whole tensor on the host, and a few pieces of it on the device. Replicas show each other
// their slices, and then those beside the writer send it theirs: a pair of ranks that talk alone is a
// connection of its own, and there would be one for every two ranks.
class TensorCollector {
 public:
  TensorCollector(const ParameterStore& store, const EngineSpec& spec, const Shard& shard, Device& device,
                  const Groups& groups);

  // Collective over groups.plane: the values, row-major, on its rank `writer`; nothing elsewhere.
  const std::vector<uint8_t>& collect(const SaveItem& item, int64_t writer);

 private:
  void add_piece(const Parameter& held, Range elements, In values, Stream stream);

  const ParameterStore& store_;
  Device& device_;
  const Groups& groups_;
  const MeshSpec& mesh_;
  std::vector<ParameterLayout> layouts_;  // of every tensor-parallel rank
  std::vector<uint8_t> whole_, piece_;
};

}  // namespace flm
