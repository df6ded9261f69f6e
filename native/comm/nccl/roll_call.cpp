#include "comm/nccl/roll_call.h"

namespace flm::nccl {
namespace {

using host::Call;
using host::Channel;
using host::Deadline;

constexpr double kSecondsToSend = 1;

// Where both are the same operation, or the two ends of one message.
bool agree(const Operation& ours, const Operation& theirs) {
  const bool is_message = ours.verb == Verb::send || ours.verb == Verb::recv;
  return is_message ? ours.count == theirs.count && ours.dtype == theirs.dtype : ours == theirs;
}

}  // namespace

RollCall::RollCall(std::shared_ptr<host::World> ranks, uint64_t id, std::vector<int> members)
    : ranks_(std::move(ranks)), id_(id), members_(std::move(members)) {}

RollCall::~RollCall() { ranks_->mesh.forget(id_); }

void RollCall::announce(const Operation& operation) {
  const Call call{operation, Deadline(kSecondsToSend)};
  for (const int member : members_) {
    if (member == ranks_->mesh.rank()) continue;
    try {
      ranks_->mesh.send(call, id_, Channel::point, member, nullptr, 0);
    } catch (const host::WaitTimeout&) {
      // It reads nothing: the one that is missing, presumably.
    }
  }
}

std::vector<int> RollCall::missing(const Operation& operation) {
  std::vector<int> result;
  for (const int member : members_) {
    if (member == ranks_->mesh.rank()) continue;
    listen(member, operation);
    const auto heard = heard_.find(member);
    // One that waits in a later operation has been in this one.
    if (heard == heard_.end() || heard->second.sequence < operation.sequence)
      result.push_back(member);
    else if (heard->second.sequence == operation.sequence && !agree(operation, heard->second))
      throw host::Mismatch{member, heard->second};
  }
  return result;
}

void RollCall::listen(int member, const Operation& operation) {
  try {
    for (;;)
      heard_[member] =
          ranks_->mesh.receive({operation, Deadline(0)}, id_, Channel::point, member).header.operation;
  } catch (const host::WaitTimeout&) {
    // That was all.
  }
}

}  // namespace flm::nccl
