#include "comm/host/group.h"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "comm/host/message_collectives.h"
#include "comm/host/shared_collectives.h"
#include "core/pulse.h"
#include "core/xxh64.h"

namespace flm::host {
namespace {

constexpr size_t kOperationsInErrors = 5;

std::string list_ranks(const std::vector<int>& ranks) {
  std::ostringstream text;
  text << (ranks.size() == 1 ? "rank " : "ranks ");
  for (size_t i = 0; i < ranks.size(); ++i) text << (i ? ", " : "") << ranks[i];
  return text.str();
}

// The same on all ranks of a child, another for each child of each split.
uint64_t child_id(uint64_t parent, uint64_t sequence, int colour) {
  const uint64_t parts[] = {parent, sequence, uint64_t(colour)};
  Xxh64 hash;
  hash.update({reinterpret_cast<const uint8_t*>(parts), sizeof parts});
  return hash.digest();
}

std::unique_ptr<Segment> share_segment(Mesh& mesh, uint64_t group, const std::vector<int>& members,
                                       const Call& call) {
  const int size = int(members.size());
  if (mesh.rank() != members[0]) {
    Message message = mesh.receive(call, group, Channel::setup, members[0]);
    FLM_CHECK(message.descriptor, ErrorCode::io, "rank ", members[0],
              " sent no shared memory; is the limit of open files (ulimit -n) reached?");
    return std::make_unique<Segment>(size, std::move(message.descriptor), mesh.fault());
  }
  auto segment = std::make_unique<Segment>(size, FileDescriptor(), mesh.fault());
  for (const int member : members) {
    if (member != mesh.rank())
      mesh.send(call, group, Channel::setup, member, nullptr, 0, segment->descriptor());
  }
  return segment;
}

}  // namespace

Group::Group(std::shared_ptr<World> world, uint64_t id, std::string name, std::vector<int> members,
             const Call& call)
    : world_(std::move(world)),
      id_(id),
      name_(std::move(name)),
      members_(std::move(members)),
      sent_(members_.size()),
      received_(members_.size()) {
  Mesh& mesh = world_->mesh;
  rank_ = int(std::find(members_.begin(), members_.end(), mesh.rank()) - members_.begin());
  one_host_ =
      std::all_of(members_.begin(), members_.end(), [&](int m) { return mesh.share_host(m, members_[0]); });
  if (one_host_) {
    auto segment = share_segment(mesh, id_, members_, call);
    collectives_ = std::make_unique<SharedCollectives>(std::move(segment), rank_, members_);
  } else {
    collectives_ = std::make_unique<MessageCollectives>(mesh, id_, rank_, members_);
  }
}

void Group::run_collective(Recorder::Id id, Operation operation, const CollectiveBody& body) {
  const std::lock_guard lock(collective_mutex_);
  operation.sequence = next_collective_++;
  guard(id, operation, [&](const Call& call) { body(call, *collectives_); });
}

void Group::run_send(Recorder::Id id, Operation operation, const void* data) {
  operation.sequence = sent_[size_t(operation.root)]++;
  guard(id, operation, [&](const Call& call) {
    world_->mesh.send(call, id_, Channel::point, members_[size_t(operation.root)], data, operation.bytes());
  });
}

void Group::run_recv(Recorder::Id id, Operation operation, void* data) {
  operation.sequence = received_[size_t(operation.root)]++;
  guard(id, operation, [&](const Call& call) {
    const int from = members_[size_t(operation.root)];
    const Message message = world_->mesh.receive(call, id_, Channel::point, from);
    const Operation& theirs = message.header.operation;
    if (theirs.count != operation.count || theirs.dtype != operation.dtype) throw Mismatch{from, theirs};
    if (operation.bytes() > 0) std::memcpy(data, message.payload.data(), operation.bytes());
  });
}

std::unique_ptr<Group> Group::split(int colour, int key) {
  const int32_t own[2] = {colour, key};
  std::vector<int32_t> all(2 * members_.size());
  std::unique_ptr<Group> child;
  Operation operation;
  operation.count = 2;
  operation.verb = Verb::split;
  operation.dtype = DType::i32;
  run_collective(record(operation), operation, [&](const Call& call, Collectives& collectives) {
    collectives.all_gather(call, all.data(), own);
    if (colour < 0) return;
    std::vector<std::pair<int, int>> chosen;  // key, rank of this group
    for (int i = 0; i < size(); ++i)
      if (all[2 * size_t(i)] == colour) chosen.emplace_back(all[2 * size_t(i) + 1], i);
    std::sort(chosen.begin(), chosen.end());
    std::vector<int> members;
    for (const auto& [their_key, index] : chosen) members.push_back(members_[size_t(index)]);
    child = std::make_unique<Group>(world_, child_id(id_, call.operation.sequence, colour),
                                    name_ + "/" + std::to_string(colour), std::move(members), call);
  });
  return child;
}

void Group::guard(Recorder::Id id, const Operation& operation, const std::function<void(const Call&)>& body) {
  world_->recorder.started(id, operation.sequence);
  const pulse::Wait waiting;
  try {
    world_->mesh.fault().check();
    body({operation, Deadline(world_->timeout_seconds)});
  } catch (const WaitTimeout& timeout) {
    give_up(id, ErrorCode::comm_timeout, describe_timeout(operation, timeout.missing));
  } catch (const Mismatch& mismatch) {
    give_up(id, ErrorCode::comm_mismatch, describe_mismatch(operation, mismatch));
  } catch (const Error& error) {
    give_up(id, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    give_up(id, ErrorCode::out_of_memory, "no host memory left for " + name_ + " " + describe(operation));
  }
  world_->recorder.ended(id, true);
}

void Group::give_up(Recorder::Id id, ErrorCode code, const std::string& text) {
  world_->recorder.ended(id, false);
  Fault& fault = world_->mesh.fault();
  fault.raise(code, text);
  fault.check();
  fail(code, text);
}

std::string Group::describe_timeout(const Operation& operation, std::vector<int> missing) {
  // Messages are awaited one after the other: further ranks may not have come.
  const bool by_messages = !one_host_ && operation.verb != Verb::send && operation.verb != Verb::recv;
  for (const int member : members_) {
    if (by_messages && member != world_->mesh.rank() &&
        !world_->mesh.has_come(id_, member, operation.sequence))
      missing.push_back(member);
  }
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  std::ostringstream text;
  text << "rank " << world_->mesh.rank() << " of " << world_->size << " waited " << world_->timeout_seconds
       << " s in " << name_ << " " << describe(operation) << " for " << list_ranks(missing)
       << "; its last operations:\n"
       << world_->recorder.dump(kOperationsInErrors);
  return text.str();
}

std::string Group::describe_mismatch(const Operation& ours, const Mismatch& mismatch) {
  return "the ranks of " + name_ + " do different things: rank " + std::to_string(world_->mesh.rank()) +
         " is in " + describe(ours) + ", rank " + std::to_string(mismatch.rank) + " in " +
         describe(mismatch.theirs);
}

}  // namespace flm::host
