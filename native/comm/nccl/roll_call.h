#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "comm/host/group.h"

namespace flm::nccl {

// NCCL does not say which rank it waits for, and does not notice when ranks do different things. So a rank
// that has waited for a while tells the others of the group where, over the host communicator's connections:
// who says nothing is missing, and who says something else went astray. One object for each sequence of
// operations.
class RollCall {
 public:
  // `id` is the same on all members alone; they are ranks of the world, this one's too.
  RollCall(std::shared_ptr<host::World> ranks, uint64_t id, std::vector<int> members);
  ~RollCall();

  // Once for an operation.
  void announce(const Operation& operation);
  // The members that do not wait in it, as far as they have said. Throws host::Mismatch for one that waits in
  // something else, Error(comm_peer_lost) for one that has ended.
  std::vector<int> missing(const Operation& operation);

 private:
  void listen(int member, const Operation& operation);

  const std::shared_ptr<host::World> ranks_;
  const uint64_t id_;
  const std::vector<int> members_;
  std::map<int, Operation> heard_;  // the newest of each member
};

}  // namespace flm::nccl
