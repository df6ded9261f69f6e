#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace flm::host {

// The end of a wait, on the clock that no one sets.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(double seconds)
      : at_(Clock::now() +
            std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))) {}

  Clock::time_point at() const { return at_; }
  bool passed() const { return Clock::now() >= at_; }
  // For poll(): whole milliseconds left, at most `cap`, at least 1 until it has passed.
  int milliseconds_left(int cap) const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now()).count();
    return int(std::clamp<int64_t>(left, 0, cap));
  }

 private:
  Clock::time_point at_;
};

}  // namespace flm::host
