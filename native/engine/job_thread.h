#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace flm {

// One thread that runs jobs in the order in which they were posted. All calls of an engine happen here, so
// that jobs of seconds never occupy Node's own pool.
class JobThread {
 public:
  using Job = std::function<void()>;

  JobThread();
  ~JobThread();  // close()
  JobThread(const JobThread&) = delete;
  JobThread& operator=(const JobThread&) = delete;

  // A job must not throw. Returns false, and drops the job, after close().
  bool post(Job job);
  // Runs what is queued, then joins. Not from a job. Idempotent.
  void close();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool closing_ = false;
  std::thread thread_;  // last: it uses the members above
};

}  // namespace flm
