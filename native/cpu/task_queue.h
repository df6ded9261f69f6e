#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace flm::cpu {

// Tasks that one thread runs in the order of posting; the thread starts with the first. After a task threw,
// those behind it are dropped, because they build on its result, until synchronize() has rethrown the error.
class TaskQueue {
 public:
  using Task = std::function<void()>;
  using Ticket = uint64_t;  // the n-th task ever posted; 0: none

  TaskQueue() = default;
  ~TaskQueue();  // runs what is queued
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  void post(Task task);
  Ticket last() const;
  // Returns when that task is done; throws the pending error if the task, or one before it, failed.
  void wait(Ticket ticket);
  // Returns when all posted tasks are done; throws the pending error and forgets it.
  void synchronize();

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable progress_;
  std::deque<Task> tasks_;
  Ticket posted_ = 0;
  Ticket finished_ = 0;
  Ticket failed_ = 0;  // the task that threw error_
  std::exception_ptr error_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace flm::cpu
