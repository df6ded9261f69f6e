#include "rendezvous.h"

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "core/error.h"
#include "cpu/task_queue.h"

namespace flm::test {

class MeetingPlace {
 public:
  // Who sends to whom, in which group.
  using Line = std::tuple<std::string, int, int>;

  void receive(const Line& line, void* into, size_t bytes) {
    std::unique_lock lock(mutex_);
    Receiver receiver{into, bytes};
    receivers_[line] = &receiver;
    changed_.notify_all();
    wait(lock, kPatience, [&] { return receiver.done; });
  }

  void send(const Line& line, const std::vector<char>& data, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    wait(lock, limit, [&] { return receivers_.contains(line); });
    Receiver& receiver = *receivers_.at(line);
    receivers_.erase(line);
    FLM_CHECK(receiver.bytes == data.size(), ErrorCode::comm_mismatch, "a message of ", data.size(),
              " bytes, expected ", receiver.bytes);
    std::memcpy(receiver.into, data.data(), data.size());
    receiver.done = true;
    changed_.notify_all();
  }

  static constexpr std::chrono::milliseconds kPatience{30'000};

 private:
  struct Receiver {
    void* into;
    size_t bytes;
    bool done = false;
  };

  template <class Condition>
  void wait(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds limit, Condition condition) {
    const auto over = [&] { return broken_ || condition(); };
    const bool in_time = changed_.wait_for(lock, limit, over);
    if (in_time && condition()) return;
    broken_ = true;
    changed_.notify_all();
    fail(ErrorCode::comm_timeout, "no rendezvous");
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Line, Receiver*> receivers_;
  bool broken_ = false;  // one wait has failed, so that others would, too
};

namespace {

constexpr std::chrono::milliseconds kDeadlock{200};

class RendezvousCommunicator final : public Communicator {
 public:
  RendezvousCommunicator(std::string line, std::shared_ptr<MeetingPlace> place, Communicator& other,
                         std::unique_ptr<Communicator> owned, Sends sends)
      : Communicator(std::move(line)),
        place_(std::move(place)),
        owned_(std::move(owned)),
        other_(other),
        sends_(sends),
        queues_(size_t(other.size())) {}

  int rank() const override { return other_.rank(); }
  int size() const override { return other_.size(); }

  void send(In data, int64_t n, int to, Stream) override {
    const auto* bytes = static_cast<const char*>(data.data);
    std::vector<char> copy(bytes, bytes + size_t(n) * size_of(data.dtype));
    const MeetingPlace::Line line{name(), rank(), to};
    if (sends_ == Sends::waiting) return place_->send(line, copy, kDeadlock);
    queues_[size_t(to)].post(
        [place = place_, line, copy = std::move(copy)] { place->send(line, copy, MeetingPlace::kPatience); });
  }
  void recv(Out data, int64_t n, int from, Stream) override {
    place_->receive({name(), from, rank()}, data.data, size_t(n) * size_of(data.dtype));
  }
  std::unique_ptr<Communicator> split(int colour, int key) override {
    const std::string line = name() + "/" + std::to_string(++splits_) + ":" + std::to_string(colour);
    std::unique_ptr<Communicator> child = other_.split(colour, key);
    if (!child || child->size() == 1) return child;
    Communicator& inner = *child;
    return std::make_unique<RendezvousCommunicator>(line, place_, inner, std::move(child), sends_);
  }

  void all_reduce(Out data, int64_t n, ReduceOp op, Stream stream) override {
    other_.all_reduce(data, n, op, stream);
  }
  void all_gather(Out all, In own, int64_t n, Stream stream) override {
    other_.all_gather(all, own, n, stream);
  }
  void reduce_scatter(Out own, In all, int64_t n, Stream stream) override {
    other_.reduce_scatter(own, all, n, stream);
  }
  void broadcast(Out data, int64_t n, int root, Stream stream) override {
    other_.broadcast(data, n, root, stream);
  }
  void barrier() override { other_.barrier(); }
  void abort() noexcept override { other_.abort(); }

 private:
  const std::shared_ptr<MeetingPlace> place_;
  const std::unique_ptr<Communicator> owned_;
  Communicator& other_;
  const Sends sends_;
  std::vector<cpu::TaskQueue> queues_;  // by receiver
  int splits_ = 0;                      // the same on all ranks: splits are collective
};

}  // namespace

std::shared_ptr<MeetingPlace> make_meeting_place() { return std::make_shared<MeetingPlace>(); }

std::unique_ptr<Communicator> make_rendezvous_communicator(std::shared_ptr<MeetingPlace> place,
                                                           Communicator& other, Sends sends) {
  return std::make_unique<RendezvousCommunicator>("rendezvous", std::move(place), other, nullptr, sends);
}

}  // namespace flm::test
