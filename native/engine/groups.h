#pragma once
#include <memory>

#include "comm/communicator.h"
#include "engine/spec.h"

namespace flm {

// The groups of ranks that a rank belongs to; null where it would be alone.
struct Groups {
  std::unique_ptr<Communicator> mesh;      // all ranks of the stage
  std::unique_ptr<Communicator> tensor;    // share every matrix
  std::unique_ptr<Communicator> data;      // hold the same part of the model
  std::unique_ptr<Communicator> plane;     // tensor x data: one pipeline rank's part of the model
  std::unique_ptr<Communicator> forward;   // along the pipeline: activations
  std::unique_ptr<Communicator> backward;  // along the pipeline: gradients, a channel of their own
  std::unique_ptr<Communicator> ends;      // both ends of a pipeline that hold a tied embedding
  std::unique_ptr<Communicator> kv;        // share a key/value group
};

// Collective over the world: ranks that the stage does not use call sit_out() meanwhile. `world` may be null
// where the mesh has one rank.
Groups make_groups(Communicator* world, const EngineSpec& spec);
void sit_out(Communicator& world);

}  // namespace flm
