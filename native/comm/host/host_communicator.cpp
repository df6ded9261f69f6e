// The host communicator's verbs: checks in the caller's thread, then one host job on the stream.
#include "comm/arguments.h"
#include "comm/host/bootstrap.h"
#include "comm/host/group.h"
#include "comm/host/handshake.h"
#include "comm/host/host_group.h"
#include "comm/host/host_view.h"
#include "comm/single.h"
#include "core/error.h"

namespace flm {
namespace host {
namespace {

using Content = HostView::Content;

class HostCommunicator final : public Communicator {
 public:
  HostCommunicator(Device& device, std::unique_ptr<Group> group)
      : Communicator(group->name()), device_(device), group_(std::move(group)) {}

  int rank() const override { return group_->rank(); }
  int size() const override { return group_->size(); }

  void all_reduce(Out data, int64_t n, ReduceOp op, Stream stream) override {
    check_reducible(data.dtype);
    const Operation operation = make_operation(Verb::all_reduce, n, data.dtype, op);
    collective(operation, stream, [=, &device = device_](const Call& call, Collectives& all_ranks) {
      HostView view(device, data.data, operation.bytes(), Content::needed, stream);
      all_ranks.all_reduce(call, view.data());
      view.write_back();
    });
  }

  void all_gather(Out all, In own, int64_t n, Stream stream) override {
    check_same_type(all.dtype, own.dtype);
    const Operation operation = make_operation(Verb::all_gather, n, own.dtype);
    const size_t bytes = operation.bytes(), all_bytes = bytes * size_t(size());
    collective(operation, stream, [=, &device = device_](const Call& call, Collectives& all_ranks) {
      HostView from(device, own.data, bytes, Content::needed, stream);
      HostView to(device, all.data, all_bytes, Content::unneeded, stream);
      all_ranks.all_gather(call, to.data(), from.data());
      to.write_back();
    });
  }

  void reduce_scatter(Out own, In all, int64_t n, Stream stream) override {
    check_same_type(own.dtype, all.dtype);
    check_reducible(all.dtype);
    const Operation operation = make_operation(Verb::reduce_scatter, n, all.dtype);
    const size_t bytes = operation.bytes(), all_bytes = bytes * size_t(size());
    collective(operation, stream, [=, &device = device_](const Call& call, Collectives& all_ranks) {
      HostView from(device, all.data, all_bytes, Content::needed, stream);
      HostView to(device, own.data, bytes, Content::unneeded, stream);
      all_ranks.reduce_scatter(call, to.data(), from.data());
      to.write_back();
    });
  }

  void broadcast(Out data, int64_t n, int root, Stream stream) override {
    check_group_rank(*this, root);
    const Operation operation = make_operation(Verb::broadcast, n, data.dtype, ReduceOp::sum, root);
    const Content content = root == rank() ? Content::needed : Content::unneeded;
    collective(operation, stream, [=, &device = device_](const Call& call, Collectives& all_ranks) {
      HostView view(device, data.data, operation.bytes(), content, stream);
      all_ranks.broadcast(call, view.data());
      if (content == Content::unneeded) view.write_back();
    });
  }

  void send(In data, int64_t n, int to, Stream stream) override {
    check_peer(*this, to);
    const Operation operation = make_operation(Verb::send, n, data.dtype, ReduceOp::sum, to);
    enqueue(operation, stream, [=, &device = device_, group = group_](Recorder::Id id) {
      HostView view(device, data.data, operation.bytes(), Content::needed, stream);
      group->run_send(id, operation, view.data());
    });
  }

  void recv(Out data, int64_t n, int from, Stream stream) override {
    check_peer(*this, from);
    const Operation operation = make_operation(Verb::recv, n, data.dtype, ReduceOp::sum, from);
    enqueue(operation, stream, [=, &device = device_, group = group_](Recorder::Id id) {
      HostView view(device, data.data, operation.bytes(), Content::unneeded, stream);
      group->run_recv(id, operation, view.data());
      view.write_back();
    });
  }

  void barrier() override {
    const Operation operation = make_operation(Verb::barrier, 0, DType::u8);
    group_->run_collective(group_->record(operation), operation,
                           [](const Call& call, Collectives& all_ranks) { all_ranks.barrier(call); });
  }

  std::unique_ptr<Communicator> split(int colour, int key) override {
    std::unique_ptr<Group> child = group_->split(colour, key);
    if (!child) return nullptr;
    if (child->size() == 1) return make_single_communicator(device_);
    return std::make_unique<HostCommunicator>(device_, std::move(child));
  }

  void abort() noexcept override {
    Mesh& mesh = group_->world().mesh;
    mesh.fault().raise(ErrorCode::comm_peer_lost, "rank " + std::to_string(mesh.rank()) + " aborted");
  }

  std::string flight_record() const override { return group_->world().recorder.dump(); }

 private:
  // Runs body(id) on the stream. The job owns the group: the communicator may go first.
  template <class Body>
  void enqueue(const Operation& operation, Stream stream, Body&& body) {
    group_->world().mesh.fault().check();
    const Recorder::Id id = group_->record(operation);
    device_.enqueue(stream, [id, body = std::forward<Body>(body)] { body(id); });
  }

  void collective(const Operation& operation, Stream stream, Group::CollectiveBody body) {
    enqueue(operation, stream, [operation, group = group_, body = std::move(body)](Recorder::Id id) {
      group->run_collective(id, operation, body);
    });
  }

  Device& device_;
  std::shared_ptr<Group> group_;
};

}  // namespace
}  // namespace host

std::unique_ptr<Communicator> make_host_communicator(Device& device, HostListener listener,
                                                     const HostGroup& group) {
  const int size = int(group.peers.size());
  FLM_CHECK(group.rank >= 0 && group.rank < size, ErrorCode::invalid_argument, "rank ", group.rank,
            " is not in a group of ", size);
  FLM_CHECK(group.job.size() <= host::kMaxJobBytes, ErrorCode::invalid_argument, "job name of ",
            group.job.size(), " bytes; at most ", host::kMaxJobBytes);
  FLM_CHECK(group.timeout_seconds > 0, ErrorCode::invalid_argument, "timeout_seconds is ",
            group.timeout_seconds, ", it must be above 0");
  if (size == 1) return make_single_communicator(device);

  std::vector<std::string> hosts;
  std::vector<int> members;
  for (const HostEndpoint& peer : group.peers) {
    members.push_back(int(members.size()));
    hosts.push_back(peer.host);
  }
  auto world = std::make_shared<host::World>(group.rank, host::connect_group(listener, group),
                                             std::move(hosts), group.job, group.timeout_seconds);
  constexpr uint64_t kWorldId = 1;
  Operation setup;
  setup.verb = Verb::split;
  const host::Call call{setup, host::Deadline(group.timeout_seconds)};
  return std::make_unique<host::HostCommunicator>(
      device, std::make_unique<host::Group>(std::move(world), kWorldId, "world", std::move(members), call));
}

}  // namespace flm
