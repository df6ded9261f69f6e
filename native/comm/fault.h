#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.h"

namespace flm {

// The first thing that went wrong for one rank. Once raised it stays: every wait ends with it and every later
// call throws it.
class Fault {
 public:
  Fault();
  ~Fault();
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;

  // The first call counts and wakes the watchers; from any thread.
  void raise(ErrorCode code, std::string_view text) noexcept;
  bool raised() const noexcept { return raised_.load(std::memory_order_acquire); }
  // Throws what was raised.
  void check() const {
    if (raised()) throw Error(code_, text_);
  }
  // Valid once raised.
  ErrorCode code() const { return code_; }
  const std::string& text() const { return text_; }

 private:
  friend class FaultWatch;
  int watch(std::function<void()> wake);
  void unwatch(int watcher);

  std::mutex mutex_;
  std::atomic<bool> raised_{false};
  ErrorCode code_ = ErrorCode::internal;
  std::string text_;
  std::map<int, std::function<void()>> watchers_;
  int next_watcher_ = 0;
};

// For as long as it lives, `wake` is called when the fault is raised: once, from the raising thread. It must
// not throw, and not call the fault's watches.
class FaultWatch {
 public:
  FaultWatch(Fault& fault, std::function<void()> wake)
      : fault_(fault), watcher_(fault.watch(std::move(wake))) {}
  ~FaultWatch() { fault_.unwatch(watcher_); }
  FaultWatch(const FaultWatch&) = delete;
  FaultWatch& operator=(const FaultWatch&) = delete;

 private:
  Fault& fault_;
  const int watcher_;
};

// Raises Error(comm_peer_lost, reason) in every communicator of this process, so that a thread that knows of
// a lost peer, such as a heartbeat's, ends all waits.
void abort_all_communicators(const std::string& reason) noexcept;

}  // namespace flm
