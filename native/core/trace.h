#pragma once
// Where a step's time goes: wall time and calls by op. Tracing synchronises the stream around each op, so a
// traced step is slower than an ordinary one; its shares are what counts.
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "core/device.h"

namespace flm {

class Trace {
 public:
  struct Row {
    int64_t calls = 0;
    double seconds = 0;
  };
  void add(const char* name, double seconds) {
    Row& row = rows_[name];
    row.calls += 1;
    row.seconds += seconds;
  }
  const std::map<std::string, Row>& rows() const { return rows_; }
  void clear() { rows_.clear(); }

 private:
  std::map<std::string, Row> rows_;
};

class TraceScope {
 public:
  TraceScope(Trace* trace, const char* name, Device& device, Stream stream)
      : trace_(trace), name_(name), device_(device), stream_(stream) {
    if (trace_) start_ = now();
  }
  ~TraceScope() {
    if (trace_) trace_->add(name_, std::chrono::duration<double>(now() - start_).count());
  }
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point now() const {
    try {
      device_.synchronize(stream_);
    } catch (...) {  // the op's own caller meets the device's error at its next synchronisation
    }
    return Clock::now();
  }
  Trace* trace_;
  const char* name_;
  Device& device_;
  Stream stream_;
  Clock::time_point start_;
};

}  // namespace flm
