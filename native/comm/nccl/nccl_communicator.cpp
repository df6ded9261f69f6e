#include "comm/nccl/nccl_communicator.h"

#include <map>
#include <optional>

#include "comm/arguments.h"
#include "comm/host/bootstrap.h"
#include "comm/nccl/data_type.h"
#include "comm/nccl/line.h"
#include "comm/nccl/send_queue.h"
#include "comm/single.h"

namespace flm {
namespace nccl {
namespace {

// The host communicator's groups have names of their own, so that records and errors tell the two apart.
constexpr const char* kControl = "control";

class NcclCommunicator final : public Communicator {
 public:
  NcclCommunicator(std::string name, std::shared_ptr<World> world, std::unique_ptr<host::Group> control,
                   std::vector<int> members)
      : Communicator(std::move(name)),
        world_(std::move(world)),
        control_(std::move(control)),
        members_(std::move(members)) {}

  // NCCL's communicators end with their other ranks': of two ranks that send to each other neither may close
  // its receiving end first and leave the sending one for later.
  ~NcclCommunicator() override {
    for (auto& [to, queue] : send_queues_) queue->close();
  }

  int rank() const override { return control_->rank(); }
  int size() const override { return control_->size(); }

  void all_reduce(Out data, int64_t n, ReduceOp op, Stream stream) override {
    check_reducible(data.dtype);
    collective(make_operation(Verb::all_reduce, n, data.dtype, op), stream,
               [=](const Functions& nccl, Handle handle) {
                 return nccl.ncclAllReduce(data.data, data.data, size_t(n), data_type_of(data.dtype),
                                           reduction_of(op), handle, stream.handle);
               });
  }

  void all_gather(Out all, In own, int64_t n, Stream stream) override {
    check_same_type(all.dtype, own.dtype);
    collective(make_operation(Verb::all_gather, n, own.dtype), stream,
               [=](const Functions& nccl, Handle handle) {
                 return nccl.ncclAllGather(own.data, all.data, size_t(n), data_type_of(own.dtype), handle,
                                           stream.handle);
               });
  }

  void reduce_scatter(Out own, In all, int64_t n, Stream stream) override {
    check_same_type(own.dtype, all.dtype);
    check_reducible(all.dtype);
    collective(make_operation(Verb::reduce_scatter, n, all.dtype), stream,
               [=](const Functions& nccl, Handle handle) {
                 return nccl.ncclReduceScatter(all.data, own.data, size_t(n), data_type_of(all.dtype), kSum,
                                               handle, stream.handle);
               });
  }

  void broadcast(Out data, int64_t n, int root, Stream stream) override {
    check_group_rank(*this, root);
    collective(make_operation(Verb::broadcast, n, data.dtype, ReduceOp::sum, root), stream,
               [=](const Functions& nccl, Handle handle) {
                 return nccl.ncclBroadcast(data.data, data.data, size_t(n), data_type_of(data.dtype), root,
                                           handle, stream.handle);
               });
  }

  void send(In data, int64_t n, int to, Stream stream) override {
    check_peer(*this, to);
    const Operation operation = make_operation(Verb::send, n, data.dtype, ReduceOp::sum, to);
    check();
    const Recorder::Id id = record(operation);
    if (n > 0) send_queue(to).push(id, operation, data, stream);
  }

  void recv(Out data, int64_t n, int from, Stream stream) override {
    check_peer(*this, from);
    const Operation operation = make_operation(Verb::recv, n, data.dtype, ReduceOp::sum, from);
    check();
    const Recorder::Id id = record(operation);
    if (n == 0) return;
    constexpr int kSender = 0;
    receive_line(from).run(id, operation, stream, [=](const Functions& nccl, Handle handle) {
      return nccl.ncclRecv(data.data, size_t(n), data_type_of(data.dtype), kSender, handle, stream.handle);
    });
  }

  void barrier() override {
    const Operation operation = make_operation(Verb::barrier, 0, DType::u8);
    control_->run_collective(
        control_->record(operation), operation,
        [](const host::Call& call, host::Collectives& all_ranks) { all_ranks.barrier(call); });
    // A checkpoint's messages are as large as its tensors, and end with a barrier.
    for (auto& [to, queue] : send_queues_) queue->trim();
  }

  void connect() override {
    if (collectives_) return;
    world_->watchdog.wait_for_others();
    UniqueId unique_id = rank() == 0 ? make_unique_id(*world_->library) : UniqueId{};
    const Operation sharing = make_operation(Verb::broadcast, sizeof unique_id, DType::u8, ReduceOp::sum, 0);
    control_->run_collective(
        control_->record(sharing), sharing,
        [&](const host::Call& call, host::Collectives& all_ranks) { all_ranks.broadcast(call, &unique_id); });
    collectives_.emplace(world_, name(), unique_id, members_);
  }

  std::unique_ptr<Communicator> split(int colour, int key) override {
    std::unique_ptr<host::Group> child = control_->split(colour, key);
    if (!child) return nullptr;
    if (child->size() == 1) return make_single_communicator(world_->device);
    std::vector<int> members(size_t(child->size()));
    const int own = world_->ranks->mesh.rank();
    const Operation operation = make_operation(Verb::all_gather, 1, DType::i32);
    child->run_collective(child->record(operation), operation,
                          [&](const host::Call& call, host::Collectives& all_ranks) {
                            all_ranks.all_gather(call, members.data(), &own);
                          });
    return std::make_unique<NcclCommunicator>(name() + "/" + std::to_string(colour), world_, std::move(child),
                                              std::move(members));
  }

  void abort() noexcept override {
    world_->fault().raise(ErrorCode::comm_peer_lost,
                          "rank " + std::to_string(world_->ranks->mesh.rank()) + " aborted");
  }
  void check() const override { world_->fault().check(); }
  std::string flight_record() const override { return world_->ranks->recorder.dump(); }

 private:
  Recorder::Id record(const Operation& operation) {
    const Recorder::Id id = world_->ranks->recorder.queued(name(), operation);
    if (operation.count == 0) {
      world_->ranks->recorder.started(id, 0);
      world_->ranks->recorder.ended(id, true);
    }
    return id;
  }

  void collective(const Operation& operation, Stream stream, const Connection::Begin& begin) {
    check();
    const Recorder::Id id = record(operation);
    if (operation.count == 0) return;
    connect();
    collectives_->run(id, operation, stream, begin);
  }

  // What connects the two ends of a line of messages.
  Operation introduction(Verb verb, int peer) const {
    return make_operation(verb, sizeof(UniqueId), DType::u8, ReduceOp::sum, peer);
  }

  SendQueue& send_queue(int to) {
    if (const auto found = send_queues_.find(to); found != send_queues_.end()) return *found->second;
    const UniqueId id = make_unique_id(*world_->library);
    const Operation operation = introduction(Verb::send, to);
    control_->run_send(control_->record(operation), operation, &id);
    auto queue = std::make_unique<SendQueue>(world_, name(), id, members_[size_t(to)]);
    return *send_queues_.emplace(to, std::move(queue)).first->second;
  }

  Line& receive_line(int from) {
    if (const auto found = receive_lines_.find(from); found != receive_lines_.end()) return *found->second;
    world_->watchdog.wait_for_others();
    UniqueId id;
    const Operation operation = introduction(Verb::recv, from);
    control_->run_recv(control_->record(operation), operation, &id);
    auto line = std::make_unique<Line>(world_, name(), id,
                                       std::vector<int>{members_[size_t(from)], world_->ranks->mesh.rank()});
    return *receive_lines_.emplace(from, std::move(line)).first->second;
  }

  const std::shared_ptr<World> world_;
  const std::unique_ptr<host::Group> control_;
  const std::vector<int> members_;  // ranks of the world
  std::optional<Line> collectives_;
  std::map<int, std::unique_ptr<SendQueue>> send_queues_;  // by rank of the group
  std::map<int, std::unique_ptr<Line>> receive_lines_;
};

}  // namespace
}  // namespace nccl

std::unique_ptr<Communicator> make_nccl_communicator(Device& device,
                                                     std::shared_ptr<const nccl::Library> library,
                                                     HostListener listener, const HostGroup& group) {
  const int size = int(group.peers.size());
  FLM_CHECK(group.rank >= 0 && group.rank < size, ErrorCode::invalid_argument, "rank ", group.rank,
            " is not in a group of ", size);
  std::vector<std::string> hosts;
  std::vector<int> members;
  for (const HostEndpoint& peer : group.peers) {
    members.push_back(int(members.size()));
    hosts.push_back(peer.host);
  }
  auto ranks = std::make_shared<host::World>(group.rank, host::connect_group(listener, group),
                                             std::move(hosts), group.job, group.timeout_seconds);
  constexpr uint64_t kWorldId = 1;
  const host::Call setup{make_operation(Verb::split, 0, DType::u8), host::Deadline(group.timeout_seconds)};
  auto control = std::make_unique<host::Group>(ranks, kWorldId, nccl::kControl, members, setup);
  auto world = std::make_shared<nccl::World>(device, std::move(library), std::move(ranks));
  return std::make_unique<nccl::NcclCommunicator>("world", std::move(world), std::move(control),
                                                  std::move(members));
}

}  // namespace flm
