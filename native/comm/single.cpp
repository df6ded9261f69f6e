#include "comm/single.h"

#include <atomic>

#include "core/error.h"

namespace flm {

namespace {

class SingleCommunicator final : public Communicator {
 public:
  explicit SingleCommunicator(Device& device) : device_(device) {}

  int rank() const override { return 0; }
  int size() const override { return 1; }

  void all_reduce(Out, int64_t, ReduceOp, Stream) override { check_alive(); }
  void all_gather(Out all, In own, int64_t n, Stream stream) override { copy(all, own, n, stream); }
  void reduce_scatter(Out own, In all, int64_t n, Stream stream) override { copy(own, all, n, stream); }
  void broadcast(Out, int64_t, int root, Stream) override { check_rank(root); }
  void send(In, int64_t, int to, Stream) override { refuse_peer("send to", to); }
  void recv(Out, int64_t, int from, Stream) override { refuse_peer("receive from", from); }
  void barrier() override { check_alive(); }

  std::unique_ptr<Communicator> split(int, int) override {
    check_alive();
    return std::make_unique<SingleCommunicator>(device_);
  }
  void abort() noexcept override { aborted_ = true; }

 private:
  void check_alive() const {
    FLM_CHECK(!aborted_, ErrorCode::comm_peer_lost, "the communicator was aborted");
  }
  void check_rank(int rank) const {
    check_alive();
    FLM_CHECK(rank == 0, ErrorCode::invalid_argument, "rank ", rank, " is not in a group of one");
  }
  [[noreturn]] void refuse_peer(const char* verb, int rank) const {
    check_rank(rank);
    fail(ErrorCode::invalid_argument, "a group of one has no peer to ", verb);
  }
  void copy(Out to, In from, int64_t n, Stream stream) {
    check_alive();
    FLM_CHECK(to.dtype == from.dtype, ErrorCode::invalid_argument, "a collective from ", name_of(from.dtype),
              " to ", name_of(to.dtype));
    if (to.data != from.data)
      device_.copy(to.data, from.data, size_t(n) * size_of(to.dtype), CopyKind::device_to_device, stream);
  }

  Device& device_;
  std::atomic<bool> aborted_{false};
};

}  // namespace

std::unique_ptr<Communicator> make_single_communicator(Device& device) {
  return std::make_unique<SingleCommunicator>(device);
}

}  // namespace flm
