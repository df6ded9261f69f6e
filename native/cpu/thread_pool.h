#pragma once
// A fixed team of threads that starts a job in about a microsecond. The caller is thread 0 of the team.
#include <atomic>
#include <cstdint>
#include <exception>
#include <thread>
#include <type_traits>
#include <vector>

namespace flm::cpu {

class ThreadPool {
 public:
  // num_threads <= 0: one for each CPU that this process may run on. Throws Error(invalid_argument) when the
  // system refuses that many.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return size_; }

  // Calls job(thread) once on each thread 0..size()-1 and returns when all are done. When calls throw, the
  // exception of the lowest thread is rethrown here. Not reentrant: a job must not call run, and only one
  // thread may call it at a time.
  template <class Job>
  void run(Job&& job) {
    using Plain = std::remove_reference_t<Job>;
    run_erased([](void* erased, int thread) { (*static_cast<Plain*>(erased))(thread); },
               const_cast<std::remove_const_t<Plain>*>(&job));
  }

 private:
  using Entry = void (*)(void* job, int thread);

  void run_erased(Entry entry, void* job);
  void call(int thread) noexcept;
  void work(int thread) noexcept;
  void stop();

  int size_;
  std::vector<std::thread> workers_;
  std::vector<std::exception_ptr> errors_;  // one slot a thread

  Entry entry_ = nullptr;
  void* job_ = nullptr;
  bool stop_ = false;
  // Each on a cache line of its own: the caller writes the first, the workers the second.
  alignas(64) std::atomic<uint32_t> round_{0};
  alignas(64) std::atomic<int32_t> running_{0};
};

}  // namespace flm::cpu
