#include "comm/nccl/line.h"

#include <algorithm>

#include "core/xxh64.h"

namespace flm::nccl {
namespace {

// Ids are random, so that this too is one of the group alone.
uint64_t hash_of(const UniqueId& id) {
  Xxh64 hash;
  hash.update({reinterpret_cast<const uint8_t*>(id.bytes), sizeof id.bytes});
  return hash.digest();
}

[[noreturn]] void give_up(World& world, const Error& error, const std::string& where) {
  world.watchdog.raise(Error(error.code(), where + ": " + error.what()));
  world.fault().check();
  throw error;
}

}  // namespace

UniqueId make_unique_id(const Library& library) {
  UniqueId id;
  const Result result = library.functions().ncclGetUniqueId(&id);
  FLM_CHECK(result == kSuccess, ErrorCode::io,
            "NCCL cannot listen for other ranks: ", library.functions().ncclGetErrorString(result));
  return id;
}

Line::Line(std::shared_ptr<World> world, std::string name, const UniqueId& id,
           const std::vector<int>& members)
    : world_(std::move(world)),
      name_(std::move(name)),
      connection_(std::make_shared<Connection>(world_->device, world_->library, world_->ranks)),
      roll_call_(std::make_shared<RollCall>(world_->ranks, hash_of(id), members)) {
  world_->watchdog.add(connection_);
  const auto self = std::find(members.begin(), members.end(), world_->ranks->mesh.rank());
  try {
    connection_->open(id, int(self - members.begin()), int(members.size()));
  } catch (const Error& error) {
    give_up(*world_, error, "while " + name_ + " was set up");
  }
}

void Line::run(Recorder::Id id, Operation operation, Stream stream, const Connection::Begin& begin) {
  operation.sequence = next_++;
  Device& device = world_->device;
  try {
    world_->watchdog.wait_for_room();
    Flight flight;
    flight.id = id;
    flight.group = name_;
    flight.operation = operation;
    flight.roll_call = roll_call_;
    flight.before = device.record(stream);
    connection_->launch(begin);
    flight.after = device.record(stream);
    world_->watchdog.track(stream, std::move(flight));
  } catch (const Error& error) {
    world_->ranks->recorder.ended(id, false);
    give_up(*world_, error, name_ + " " + describe(operation));
  }
}

}  // namespace flm::nccl
