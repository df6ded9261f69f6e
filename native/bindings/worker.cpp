#include "bindings/worker.h"

#include <utility>

#include "core/error.h"

namespace flm::bindings {

Worker::~Worker() = default;

void Worker::post(std::shared_ptr<CancelFlag> flag, JobThread::Job job) {
  FLM_CHECK(thread_.post(std::move(job)), ErrorCode::invalid_argument, "it has been closed");
  flags_.push_back(std::move(flag));
}

void Worker::cancel_running() {
  if (!flags_.empty()) *flags_.front() = true;
}

void Worker::cancel_all() {
  for (const auto& flag : flags_) *flag = true;
}

void Worker::shut_down() {
  if (std::exchange(shut_down_, true)) return;
  cancel_all();
  thread_.post([this] { dispose(); });
  thread_.close();
}

}  // namespace flm::bindings
