#include "engine/job_thread.h"

#include <utility>

namespace flm {

JobThread::JobThread() : thread_([this] { run(); }) {}

JobThread::~JobThread() { close(); }

bool JobThread::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return false;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

void JobThread::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void JobThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace flm
