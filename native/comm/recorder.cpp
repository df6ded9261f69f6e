#include "comm/recorder.h"

#include <algorithm>
#include <cstdio>

namespace flm {

Recorder::Id Recorder::queued(const std::string& group, const Operation& operation) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (next_ == 0) begin_ = now;
  if (ring_.size() < kCapacity) ring_.emplace_back();
  ring_[next_ % kCapacity] = {next_, group, operation, State::queued, now, {}, {}};
  return next_++;
}

void Recorder::started(Id id, uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  if (Entry* entry = find(id)) {
    entry->operation.sequence = sequence;
    entry->state = State::running;
    entry->started_at = Clock::now();
  }
}

void Recorder::ended(Id id, bool ok) {
  const std::lock_guard lock(mutex_);
  if (Entry* entry = find(id)) {
    entry->state = ok ? State::done : State::failed;
    entry->ended_at = Clock::now();
  }
}

// Null for one that newer ones have replaced.
Recorder::Entry* Recorder::find(Id id) {
  Entry& entry = ring_[id % kCapacity];
  return entry.id == id ? &entry : nullptr;
}

std::string Recorder::line(const Entry& entry) const {
  const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
  char times[96] = "";
  switch (entry.state) {
    case State::queued:
      std::snprintf(times, sizeof times, "queued at %.6f", seconds(entry.queued_at - begin_));
      break;
    case State::running:
      std::snprintf(times, sizeof times, "running since %.6f", seconds(entry.started_at - begin_));
      break;
    case State::done:
    case State::failed:
      std::snprintf(times, sizeof times, "%s at %.6f after %.6f",
                    entry.state == State::done ? "done" : "failed", seconds(entry.ended_at - begin_),
                    seconds(entry.ended_at - entry.started_at));
      break;
  }
  return entry.group + " " + describe(entry.operation) + " " + times + "\n";
}

std::string Recorder::dump(size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::string text;
  const Id kept = std::min<Id>({next_, kCapacity, limit});
  for (Id id = next_ - kept; id < next_; ++id) text += line(ring_[id % kCapacity]);
  return text;
}

}  // namespace flm
