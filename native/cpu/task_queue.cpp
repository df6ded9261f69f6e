#include "cpu/task_queue.h"

#include <utility>

namespace flm::cpu {

TaskQueue::~TaskQueue() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void TaskQueue::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    tasks_.push_back(std::move(task));
    ++posted_;
  }
  wake_.notify_one();
}

TaskQueue::Ticket TaskQueue::last() const {
  const std::lock_guard lock(mutex_);
  return posted_;
}

void TaskQueue::wait(Ticket ticket) {
  std::unique_lock lock(mutex_);
  progress_.wait(lock, [&] { return finished_ >= ticket; });
  if (error_ && failed_ <= ticket) std::rethrow_exception(error_);
}

void TaskQueue::synchronize() {
  std::unique_lock lock(mutex_);
  progress_.wait(lock, [&, last = posted_] { return finished_ >= last; });
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void TaskQueue::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    const bool drop = error_ != nullptr;
    lock.unlock();
    std::exception_ptr error;
    try {
      if (!drop) task();
    } catch (...) {
      error = std::current_exception();
    }
    task = nullptr;  // what it holds is released before anyone learns that it is done
    lock.lock();
    ++finished_;
    if (error) {
      error_ = error;
      failed_ = finished_;
    }
    progress_.notify_all();
  }
}

}  // namespace flm::cpu
