#include "comm/host/segment.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <ctime>

#include "core/system_error.h"

namespace flm::host {
namespace {

// Some microseconds. Where ranks outnumber processors, a waiter's is what the awaited rank needs.
constexpr int kSpins = 200;
// A waiter looks up this often, whatever its peers do.
constexpr timespec kNap{0, 100'000'000};
constexpr size_t kPage = 4096;
static_assert(std::atomic<uint32_t>::is_always_lock_free);

void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

void sleep_while(std::atomic<uint32_t>& value, uint32_t expected) {
  ::syscall(SYS_futex, &value, FUTEX_WAIT, expected, &kNap, nullptr, 0);
}

void wake_sleepers(std::atomic<uint32_t>& value) {
  ::syscall(SYS_futex, &value, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

// Sealed, so that no peer can cut it short under the others.
FileDescriptor create_memory(size_t bytes) {
  FileDescriptor memory(::memfd_create("flm-comm", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory || ::ftruncate(memory.get(), off_t(bytes)) != 0) fail_errno("make", "shared memory");
  if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
    fail_errno("seal", "shared memory");
  return memory;
}

// Small, so that what a rank lays down is still in its caches when the others come for it; the windows that
// it has under way lie there too.
size_t share_of(int size) {
  constexpr size_t kSlotBytes = size_t(256) << 10;
  return std::max(kSlotBytes / size_t(size) / kPage * kPage, kPage);
}

int available_cpus() {
  cpu_set_t set;
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

size_t whole_pages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

}  // namespace

Segment::Segment(int size, FileDescriptor descriptor, Fault& fault)
    : size_(size),
      fault_(fault),
      share_bytes_(share_of(size)),
      spins_(size <= available_cpus() ? kSpins : 0) {
  const size_t state_bytes = whole_pages(sizeof(RankState) * size_t(size));
  total_bytes_ = state_bytes + (kSlots * size_t(size) + kResults) * slot_bytes();
  descriptor_ = descriptor ? std::move(descriptor) : create_memory(total_bytes_);
  struct stat info;
  FLM_CHECK(::fstat(descriptor_.get(), &info) == 0 && size_t(info.st_size) == total_bytes_, ErrorCode::io,
            "shared memory of ", info.st_size, " bytes, expected ", total_bytes_);
  memory_ = ::mmap(nullptr, total_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_.get(), 0);
  if (memory_ == MAP_FAILED) fail_errno("map", "shared memory");
  // Fresh memory is zero, which is the first state of everything in it.
  states_ = static_cast<RankState*>(memory_);
  slots_ = static_cast<char*>(memory_) + state_bytes;
  watch_.emplace(fault_, [this] { wake_all(); });
}

Segment::~Segment() {
  watch_.reset();
  ::munmap(memory_, total_bytes_);
}

void Segment::publish(Counter& counter, uint32_t value) {
  // Sequentially consistent with the sleeper's announcement and check: one of the two sees the other.
  counter.value.store(value, std::memory_order_seq_cst);
  if (counter.sleepers.load(std::memory_order_seq_cst) > 0) wake_sleepers(counter.value);
}

bool Segment::await(Counter& counter, uint32_t target, const Deadline& deadline) {
  if (reached(counter, target)) return true;
  for (int spin = 0; spin < spins_; ++spin) {
    pause_cpu();
    if (reached(counter, target)) return true;
  }
  counter.sleepers.fetch_add(1, std::memory_order_seq_cst);
  bool here = false;
  for (;;) {
    const uint32_t value = counter.value.load(std::memory_order_seq_cst);
    here = int32_t(value - target) >= 0;
    if (here || fault_.raised() || deadline.passed()) break;
    sleep_while(counter.value, value);
  }
  counter.sleepers.fetch_sub(1, std::memory_order_seq_cst);
  if (!here) fault_.check();
  return here;
}

void Segment::wake_all() noexcept {
  for (int rank = 0; rank < size_; ++rank) {
    wake_sleepers(states_[rank].filled.value);
    wake_sleepers(states_[rank].done.value);
  }
}

}  // namespace flm::host
