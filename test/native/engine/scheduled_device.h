#pragma once
// A device that shows missing waits. Its streams are queues that run in the calling thread: one of them as
// far as events allow after every call, the others only when something waits for them. Memory is the host's.
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "oracle/host_device.h"

namespace flm::test {

class ScheduledDevice final : public oracle::HostDevice {
 public:
  explicit ScheduledDevice(StreamRole eager) : eager_(queues_[size_t(eager)]) {}

  // From now on the wait with this number does nothing; negative: all do what they should. A wait is what a
  // stream does for an event, or the host for the copy stream.
  void number_waits(int left_out);
  int waits() const { return waits_; }
  // Runs what is left, the eager stream first. No wait.
  void finish();

  void release(void* memory) noexcept override;
  Stream stream(StreamRole role) override { return {&queues_[size_t(role)]}; }
  void copy(void* to, const void* from, size_t bytes, CopyKind kind, Stream stream) override;
  void fill_zero(void* memory, size_t bytes, Stream stream) override;
  Event record(Stream stream) override;
  void wait(Stream stream, Event event) override;
  bool reached(Event event) override;
  void synchronize(Stream stream) override;
  void enqueue(Stream stream, std::function<void()> job) override;
  bool host_accessible() const override { return false; }

 private:
  struct Job;
  using Queue = std::deque<Job>;
  struct Mark {
    Queue& queue;
    bool reached = false;
  };
  struct Job {
    std::function<void()> run;
    const Mark* awaited = nullptr;
  };

  void post(Stream stream, Job job);
  void run_first(Queue& queue);
  void run_until(const Mark& mark);
  bool is_left_out();

  std::array<Queue, 3> queues_;
  Queue& eager_;
  std::vector<std::unique_ptr<Mark>> marks_;
  int waits_ = 0, left_out_ = -1;
};

}  // namespace flm::test
