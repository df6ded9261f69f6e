#pragma once
#include <memory>
#include <string>
#include <vector>

#include "comm/nccl/watchdog.h"

namespace flm::nccl {

// What all groups of one rank share.
struct World {
  World(Device& device, std::shared_ptr<const Library> library, std::shared_ptr<host::World> ranks)
      : device(device), library(std::move(library)), ranks(std::move(ranks)), watchdog(device, this->ranks) {}

  Fault& fault() { return ranks->mesh.fault(); }

  Device& device;
  const std::shared_ptr<const Library> library;
  // The host communicator's connections: they carry ids, barriers and news of lost ranks.
  const std::shared_ptr<host::World> ranks;
  Watchdog watchdog;
};

UniqueId make_unique_id(const Library& library);

// A sequence of operations that the same ranks do in the same order: a group's collectives, or its messages
// from one rank to another.
class Line {
 public:
  // Collective among `members` (ranks of the world, this one's too), within the world's limit. `name` is the
  // group's, for messages. What goes wrong, here and in run(), is raised as the rank's fault and thrown.
  Line(std::shared_ptr<World> world, std::string name, const UniqueId& id, const std::vector<int>& members);

  // Puts one operation on the stream. `begin` gets NCCL's functions and communicator.
  void run(Recorder::Id id, Operation operation, Stream stream, const Connection::Begin& begin);

 private:
  const std::shared_ptr<World> world_;
  const std::string name_;
  const std::shared_ptr<Connection> connection_;
  const std::shared_ptr<RollCall> roll_call_;
  uint64_t next_ = 0;
};

}  // namespace flm::nccl
