#include "comm/fault.h"

#include <set>

namespace flm {
namespace {

struct Registry {
  std::mutex mutex;
  std::set<Fault*> faults;
};

// Never destroyed: threads may abort while the process exits.
Registry& registry() {
  static Registry* all = new Registry;
  return *all;
}

}  // namespace

Fault::Fault() {
  const std::lock_guard lock(registry().mutex);
  registry().faults.insert(this);
}

Fault::~Fault() {
  const std::lock_guard lock(registry().mutex);
  registry().faults.erase(this);
}

void Fault::raise(ErrorCode code, std::string_view text) noexcept {
  const std::lock_guard lock(mutex_);
  if (raised()) return;
  code_ = code;
  try {
    text_ = text;
  } catch (...) {
    // Without memory for the text the code must do.
  }
  raised_.store(true, std::memory_order_release);
  for (const auto& [id, wake] : watchers_) wake();
}

int Fault::watch(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  watchers_[next_watcher_] = std::move(wake);
  return next_watcher_++;
}

void Fault::unwatch(int watcher) {
  const std::lock_guard lock(mutex_);
  watchers_.erase(watcher);
}

void abort_all_communicators(const std::string& reason) noexcept {
  const std::lock_guard lock(registry().mutex);
  for (Fault* fault : registry().faults) fault->raise(ErrorCode::comm_peer_lost, reason);
}

}  // namespace flm
