#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>

#include "engine/job_thread.h"

namespace flm::bindings {

// Belongs to one job, so that a cancel that comes late cannot hit the next one.
using CancelFlag = std::atomic<bool>;

// A thread with the cancel flags of its unfinished jobs. All members are called on the JS thread.
class Worker {
 public:
  virtual ~Worker();

  void post(std::shared_ptr<CancelFlag> flag, JobThread::Job job);
  // The oldest job has been settled.
  void settled() { flags_.pop_front(); }

  // Asks the running job, and no later one, to stop.
  void cancel_running();
  void cancel_all();
  // Cancels everything, disposes and joins. Idempotent.
  void shut_down();
  // The environment ends: what waits for other processes must not go on waiting.
  virtual void abandon() noexcept {}

 protected:
  // Called on the thread as its last job: frees what belongs to it.
  virtual void dispose() {}

 private:
  std::deque<std::shared_ptr<CancelFlag>> flags_;
  bool shut_down_ = false;
  JobThread thread_;
};

}  // namespace flm::bindings
