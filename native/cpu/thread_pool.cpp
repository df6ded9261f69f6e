#include "cpu/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <system_error>

#include "core/error.h"

namespace flm::cpu {
namespace {

// Ops follow each other closely, so both sides of a job first spin, for some tens of microseconds, and only
// then sleep.
constexpr int kSpins = 2000;

void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Returns when value != old.
template <class T>
void wait_for_change(const std::atomic<T>& value, T old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause_cpu();
  }
  value.wait(old, std::memory_order_acquire);
}

int available_cpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, int(std::thread::hardware_concurrency()));
}

}  // namespace

ThreadPool::ThreadPool(int num_threads)
    : size_(num_threads > 0 ? num_threads : available_cpus()), errors_(size_t(size_)) {
  workers_.reserve(size_t(size_ - 1));
  try {
    for (int thread = 1; thread < size_; ++thread) workers_.emplace_back([this, thread] { work(thread); });
  } catch (const std::system_error& error) {
    stop();
    fail(ErrorCode::invalid_argument, "cannot start ", size_, " threads: ", error.what(), "; ask for fewer");
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stop_ = true;
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run_erased(Entry entry, void* job) {
  entry_ = entry;
  job_ = job;
  running_.store(size_ - 1, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  call(0);
  for (int32_t left; (left = running_.load(std::memory_order_acquire)) != 0;) wait_for_change(running_, left);
  for (std::exception_ptr& error : errors_) {
    if (!error) continue;
    const std::exception_ptr first = error;
    std::fill(errors_.begin(), errors_.end(), nullptr);
    std::rethrow_exception(first);
  }
}

void ThreadPool::call(int thread) noexcept {
  try {
    entry_(job_, thread);
  } catch (...) {
    errors_[size_t(thread)] = std::current_exception();
  }
}

void ThreadPool::work(int thread) noexcept {
  for (uint32_t seen = 0;;) {
    wait_for_change(round_, seen);
    ++seen;  // no round is missed: the next one begins only when this one is done
    if (stop_) return;
    call(thread);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
  }
}

}  // namespace flm::cpu
