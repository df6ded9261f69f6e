#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "comm/operation.h"

namespace flm {

// A flight recorder: the newest operations of one rank and how far each came. Any thread may write and read.
class Recorder {
 public:
  static constexpr size_t kCapacity = 2000;
  using Id = uint64_t;

  Id queued(const std::string& group, const Operation& operation);
  // A sequence number is given when the operation begins.
  void started(Id id, uint64_t sequence);
  void ended(Id id, bool ok);

  // One line for each of the newest `limit` operations, oldest first; times in seconds since the first one.
  std::string dump(size_t limit = kCapacity) const;

 private:
  using Clock = std::chrono::steady_clock;
  enum class State : uint8_t { queued, running, done, failed };
  struct Entry {
    Id id = 0;
    std::string group;
    Operation operation;
    State state = State::queued;
    Clock::time_point queued_at, started_at, ended_at;
  };
  Entry* find(Id id);
  std::string line(const Entry& entry) const;

  mutable std::mutex mutex_;
  std::vector<Entry> ring_;  // entry i % kCapacity is operation i
  Id next_ = 0;
  Clock::time_point begin_;
};

}  // namespace flm
