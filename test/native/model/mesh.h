#pragma once
// The same model split over ranks: specs, batches and work lists of each rank.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "comm/host_group.h"
#include "model/tiny_model.h"

namespace flm::test {

struct Mesh {
  int64_t tensor = 1, data = 1, pipeline = 1, chunks = 1;  // chunks: of each pipeline rank
  bool sequence_parallel = false;

  int ranks() const { return int(tensor * data * pipeline); }
  std::string name() const;
};

inline constexpr int64_t kGlobalRows = 4;

// Four layers, two key/value groups, a vocabulary that no mesh divides evenly; one row a micro-batch.
ModelShape mesh_shape(const ModelShape& family);
EngineSpec mesh_spec(const ModelShape& shape, Precision precision);

// The spec of one rank of a mesh, and its share of a batch of kGlobalRows with all forward passes before the
// backward ones.
EngineSpec spec_of_rank(EngineSpec spec, const Mesh& mesh, int rank);
StepInput input_of_rank(const EngineSpec& spec, const Mesh& mesh, int rank, int64_t step);

// What a run of several steps leaves: the reports of every step, the gradients of the first one and the
// values after the last one, each gathered from all ranks.
struct Trained {
  std::vector<StepReport> reports;
  std::map<std::string, std::vector<double>> gradients, masters, second_moments;
};
using MakeBackend = std::function<Backend()>;
// `setup` says how the ranks talk.
Trained train_on_mesh(const MakeBackend& backend, const EngineSpec& spec, const Mesh& mesh, int steps,
                      double lr, const RankSetup& setup = {});

}  // namespace flm::test
