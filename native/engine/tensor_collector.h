#pragma once
#include <vector>

#include "engine/parameter_store.h"

namespace flm {

// Puts whole tensors together from the parts that the ranks of one pipeline stage own, for checkpoints:
// memory is one whole tensor on the host, and a few pieces of it on the device.
class TensorCollector {
 public:
  // `plane` is the group of those ranks, null for one alone.
  TensorCollector(const ParameterStore& store, const EngineSpec& spec, const Shard& shard, Device& device,
                  Communicator* plane);

  // Collective over the plane: the values, row-major, on its rank `writer`; nothing elsewhere.
  const std::vector<uint8_t>& collect(const SaveItem& item, int64_t writer);

 private:
  void add_part(const Parameter& held, Range elements, const uint8_t* values, size_t element);

  const ParameterStore& store_;
  Device& device_;
  Communicator* plane_;
  std::vector<ParameterLayout> layouts_;  // of every tensor-parallel rank
  std::vector<uint8_t> whole_;
};

}  // namespace flm
