#include "engine/groups.h"

#include "core/error.h"

namespace flm {

namespace {

// The calls of split() below, one a member of Groups.
constexpr int kSplits = 8;
constexpr int kNone = -1;

class Splitter {
 public:
  Splitter(Communicator& world, int key) : world_(world), key_(key) {}
  // A group of one is no group.
  std::unique_ptr<Communicator> operator()(int64_t colour) {
    auto group = world_.split(int(colour), key_);
    return group && group->size() > 1 ? std::move(group) : nullptr;
  }

 private:
  Communicator& world_;
  int key_;
};

}  // namespace

Groups make_groups(Communicator* world, const EngineSpec& spec) {
  const MeshSpec& m = spec.mesh;
  if (world == nullptr) {
    FLM_CHECK(m.size() == 1, ErrorCode::invalid_argument, "the mesh has ", m.size(),
              " ranks, and there is no communicator to reach the others");
    return {};
  }
  FLM_CHECK(m.size() <= world->size(), ErrorCode::invalid_argument, "the mesh has ", m.size(),
            " ranks, the world ", world->size());
  const int64_t rank = (m.pipeline_rank * m.data_size + m.data_rank) * m.tensor_size + m.tensor_rank;
  FLM_CHECK(rank == world->rank(), ErrorCode::invalid_argument, "the spec is of rank ", rank,
            ", this is rank ", world->rank());
  const int64_t in_plane = m.data_rank * m.tensor_size + m.tensor_rank;
  const int64_t replicas = kv_replicas(spec.shape, {m.tensor_size, m.tensor_rank, false, {}, true, true});
  const bool is_end = m.pipeline_rank == 0 || m.pipeline_rank == m.pipeline_size - 1;

  Splitter split(*world, int(rank));
  Groups groups;
  groups.mesh = split(0);
  groups.tensor = split(rank / m.tensor_size);
  groups.data = split(m.pipeline_rank * m.tensor_size + m.tensor_rank);
  groups.plane = split(m.pipeline_rank);
  groups.forward = split(in_plane);
  groups.backward = split(in_plane);
  groups.ends = split(spec.shape.tie_embeddings && is_end ? in_plane : kNone);
  groups.kv = split(rank / replicas);
  if (spec.trainable)
    for (const auto& group : {&groups.mesh, &groups.tensor, &groups.data, &groups.ends, &groups.kv})
      if (*group) (*group)->connect();
  return groups;
}

void sit_out(Communicator& world) {
  for (int i = 0; i < kSplits; ++i) world.split(kNone, 0);
}

}  // namespace flm
