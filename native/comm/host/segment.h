#pragma once
#include <atomic>
#include <cstdint>
#include <optional>

#include "comm/fault.h"
#include "comm/host/call.h"
#include "comm/host/file_descriptor.h"

namespace flm::host {

// A number that one rank raises and the others wait for. It wraps around; differences count.
struct Counter {
  alignas(64) std::atomic<uint32_t> value;
  std::atomic<uint32_t> sleepers;
};

// What one rank shows to the others of a segment.
struct RankState {
  Counter filled;           // windows whose contribution lies in the slot
  Counter done;             // windows whose slots this rank no longer reads
  Operation operations[2];  // of the last two collectives, by the parity of their sequence
};

// Memory that the ranks of a group share, with a slot for each rank and one for results, all of them twice.
// It has no name: when the last process has gone, so has it.
class Segment {
 public:
  // Windows whose contributions, and whose results, are kept at a time: powers of two, since the numbers of
  // windows wrap around.
  static constexpr uint32_t kSlots = 2, kResults = 4;

  // `descriptor` of another rank's segment, or an empty one for a new one. Throws Error(io).
  Segment(int size, FileDescriptor descriptor, Fault& fault);
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  int size() const { return size_; }
  int descriptor() const { return descriptor_.get(); }
  size_t slot_bytes() const { return share_bytes_ * size_t(size_); }
  // The part of a slot that one rank reduces.
  size_t share_bytes() const { return share_bytes_; }
  char* slot(int rank, uint32_t window) {
    return slots_ + (size_t(window % kSlots) * size_t(size_) + size_t(rank)) * slot_bytes();
  }
  char* results(uint32_t window) {
    return slots_ + (kSlots * size_t(size_) + window % kResults) * slot_bytes();
  }
  RankState& state(int rank) { return states_[rank]; }

  static bool reached(const Counter& counter, uint32_t target) {
    return int32_t(counter.value.load(std::memory_order_acquire) - target) >= 0;
  }
  void publish(Counter& counter, uint32_t value);
  // False when the deadline passed first; throws the fault.
  bool await(Counter& counter, uint32_t target, const Deadline& deadline);

 private:
  void wake_all() noexcept;

  int size_;
  Fault& fault_;
  FileDescriptor descriptor_;
  size_t share_bytes_;
  int spins_;
  size_t total_bytes_;
  void* memory_;
  RankState* states_;
  char* slots_;
  std::optional<FaultWatch> watch_;  // of the memory above
};

}  // namespace flm::host
