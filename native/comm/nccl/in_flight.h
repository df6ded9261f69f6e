#pragma once
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "comm/nccl/roll_call.h"
#include "comm/recorder.h"
#include "core/device.h"

namespace flm::nccl {

// An operation on a stream, between two events.
struct Flight {
  using Clock = std::chrono::steady_clock;
  Recorder::Id id = 0;
  std::string group;
  Operation operation;
  std::shared_ptr<RollCall> roll_call;
  Event before, after;
  bool is_running = false;
  bool is_announced = false;
  Clock::time_point running_since;
};

// The operations that the device has not finished, stream by stream in their order. Any thread.
class InFlight {
 public:
  // Their events, and those of messages, are fewer than a device has (CudaDevice).
  static constexpr size_t kMost = 1000;

  InFlight(Device& device, Recorder& recorder) : device_(device), recorder_(recorder) {}

  bool is_full() const;
  // Whether any but messages on their way to others.
  bool waits_for_others() const;
  bool is_empty() const;
  void add(Stream stream, Flight flight);
  // Brings the record up to date and drops what is done. Returns what has been running for `seconds` or
  // longer; throws the device's error.
  std::vector<Flight> running_for(double seconds);
  // That operation's others have been told of it.
  void set_announced(Recorder::Id id);
  // The device will not finish them.
  void fail_all();

 private:
  // Whether the oldest of a stream is done.
  bool advance(Flight& flight);

  Device& device_;
  Recorder& recorder_;
  mutable std::mutex mutex_;
  size_t count_ = 0;
  std::map<void*, std::deque<Flight>> by_stream_;
};

}  // namespace flm::nccl
