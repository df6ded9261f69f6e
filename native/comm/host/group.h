#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "comm/host/collectives.h"
#include "comm/host/mesh.h"
#include "comm/recorder.h"

namespace flm::host {

// What all groups of one rank share.
struct World {
  World(int rank, std::vector<FileDescriptor> sockets, std::vector<std::string> hosts, const std::string& job,
        double timeout_seconds)
      : size(int(hosts.size())),
        timeout_seconds(timeout_seconds),
        mesh(rank, std::move(sockets), std::move(hosts), job) {}

  const int size;
  const double timeout_seconds;
  Recorder recorder;
  Mesh mesh;
};

// One group's operations over host memory, in the calling thread. Each is recorded and numbered; one that
// fails raises the world's fault with a text that names it, and throws that.
class Group {
 public:
  // `members`: the world's ranks, in the order of the group's. Collective, within the limit of `call`.
  Group(std::shared_ptr<World> world, uint64_t id, std::string name, std::vector<int> members,
        const Call& call);
  ~Group() { world_->mesh.forget(id_); }

  int rank() const { return rank_; }
  int size() const { return int(members_.size()); }
  const std::string& name() const { return name_; }
  World& world() { return *world_; }

  Recorder::Id record(const Operation& operation) { return world_->recorder.queued(name_, operation); }
  // Runs body(call, collectives) as the group's next collective.
  using CollectiveBody = std::function<void(const Call&, Collectives&)>;
  void run_collective(Recorder::Id id, Operation operation, const CollectiveBody& body);
  // operation.root is the peer.
  void run_send(Recorder::Id id, Operation operation, const void* data);
  void run_recv(Recorder::Id id, Operation operation, void* data);

  // The group of those ranks of this one that gave this colour; null when it is negative.
  std::unique_ptr<Group> split(int colour, int key);

 private:
  void guard(Recorder::Id id, const Operation& operation, const std::function<void(const Call&)>& body);
  [[noreturn]] void give_up(Recorder::Id id, ErrorCode code, const std::string& text);
  std::string describe_timeout(const Operation& operation, std::vector<int> missing);
  std::string describe_mismatch(const Operation& ours, const Mismatch& mismatch);

  std::shared_ptr<World> world_;
  const uint64_t id_;
  const std::string name_;
  const std::vector<int> members_;
  int rank_ = 0;
  bool one_host_ = false;
  std::unique_ptr<Collectives> collectives_;
  std::mutex collective_mutex_;
  uint64_t next_collective_ = 0;
  std::vector<std::atomic<uint64_t>> sent_, received_;  // messages, per peer
};

}  // namespace flm::host
