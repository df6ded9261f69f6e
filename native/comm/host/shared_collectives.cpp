#include "comm/host/shared_collectives.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "comm/host/reduce.h"

namespace flm::host {
namespace {

// Up to here every rank adds up all of it: cheaper than one more round of waiting.
constexpr int64_t kSmallElements = 4096;

// At least one, so that the ranks meet also for nothing.
int64_t count_windows(int64_t n, int64_t window) { return std::max<int64_t>(1, (n + window - 1) / window); }

}  // namespace

// What a collective does with its window w, which is window `id` of the group: `fill` lays down this rank's
// contribution, `drain` uses everybody's, `collect` (if any) uses what all ranks made of theirs.
struct SharedCollectives::Stages {
  using Stage = std::function<void(int64_t w, uint32_t id)>;
  Stage fill, drain, collect = {};
};

// Three windows are under way, so that a rank seldom has to wait for the slowest. Why nobody overwrites what
// another still reads: window w is laid down where w - 2 was, which all have drained (`done`). Its results
// come to lie where those of w - 4 were, which every rank collected before it filled w, and all have filled
// w.
void SharedCollectives::stream(const Call& call, int64_t windows, const Stages& stages) {
  segment_->state(rank_).operations[call.operation.sequence & 1] = call.operation;
  const uint32_t first = next_window_;
  next_window_ += uint32_t(windows);
  const int64_t last = windows + (stages.collect ? 1 : 0);
  for (int64_t w = 0; w <= last; ++w) {
    const uint32_t id = first + uint32_t(w);
    if (w < windows) {
      await_all(&RankState::done, id - 1, call);
      stages.fill(w, id);
      publish(&RankState::filled, id + 1);
    }
    if (w > 0 && w <= windows) {
      await_all(&RankState::filled, id, call);
      if (w == 1) check_operations(call);
      stages.drain(w - 1, id - 1);
      publish(&RankState::done, id);
    }
    if (w > 1 && stages.collect) {
      await_all(&RankState::done, id - 1, call);
      stages.collect(w - 2, id - 2);
    }
  }
}

void SharedCollectives::publish(Counter RankState::* counter, uint32_t value) {
  segment_->publish(segment_->state(rank_).*counter, value);
}

void SharedCollectives::await_all(Counter RankState::* counter, uint32_t target, const Call& call) {
  for (int i = 0; i < size(); ++i) {
    if (segment_->await(segment_->state(i).*counter, target, call.deadline)) continue;
    WaitTimeout timeout;
    for (int late = i; late < size(); ++late) {
      if (!Segment::reached(segment_->state(late).*counter, target))
        timeout.missing.push_back(members_[size_t(late)]);
    }
    throw timeout;
  }
}

void SharedCollectives::check_operations(const Call& call) {
  for (int i = 0; i < size(); ++i) {
    const Operation& theirs = segment_->state(i).operations[call.operation.sequence & 1];
    if (theirs != call.operation) throw Mismatch{members_[size_t(i)], theirs};
  }
}

std::vector<const void*> SharedCollectives::contributions(uint32_t window, size_t offset) {
  std::vector<const void*> sources;
  for (int i = 0; i < size(); ++i) sources.push_back(segment_->slot(i, window) + offset);
  return sources;
}

// Here and below a rank neither lays down nor collects its own share: the others do not read it.
void SharedCollectives::all_reduce(const Call& call, void* data) {
  const Operation& op = call.operation;
  const size_t element = size_of(op.dtype);
  const int64_t window = int64_t(segment_->share_bytes() / element) * size();
  const auto length = [&](int64_t w) { return std::min(window, op.count - w * window); };
  const auto at = [&](int64_t w) { return static_cast<char*>(data) + size_t(w * window) * element; };
  // The share of rank i in window w, in bytes.
  const auto begin = [&](int64_t w, int i) { return size_t(share_begin(length(w), i, size())) * element; };
  const auto copy_others = [&](int64_t w, char* to, const char* from) {
    const size_t own = begin(w, rank_), next = begin(w, rank_ + 1);
    std::memcpy(to, from, own);
    std::memcpy(to + next, from + next, begin(w, size()) - next);
  };
  const auto sources = [&](int64_t w, uint32_t id, size_t offset) {
    std::vector<const void*> all = contributions(id, offset);
    all[size_t(rank_)] = at(w) + offset;
    return all;
  };

  if (op.count <= kSmallElements) {
    const auto fill = [&](int64_t w, uint32_t id) {
      if (op.count > 0) std::memcpy(segment_->slot(rank_, id), at(w), op.bytes());
    };
    const auto drain = [&](int64_t w, uint32_t id) {
      reduce(op.dtype, op.reduce, sources(w, id, 0), at(w), op.count);
    };
    return stream(call, 1, {fill, drain});
  }
  const auto fill = [&](int64_t w, uint32_t id) { copy_others(w, segment_->slot(rank_, id), at(w)); };
  const auto drain = [&](int64_t w, uint32_t id) {
    const size_t own = begin(w, rank_), bytes = begin(w, rank_ + 1) - own;
    reduce(op.dtype, op.reduce, sources(w, id, own), at(w) + own, int64_t(bytes / element));
    std::memcpy(segment_->results(id) + own, at(w) + own, bytes);
  };
  const auto collect = [&](int64_t w, uint32_t id) { copy_others(w, at(w), segment_->results(id)); };
  stream(call, count_windows(op.count, window), {fill, drain, collect});
}

void SharedCollectives::all_gather(const Call& call, void* all, const void* own) {
  const size_t bytes = call.operation.bytes(), window = segment_->slot_bytes();
  const auto length = [&](int64_t w) { return std::min(window, bytes - size_t(w) * window); };
  const auto place = [&](int i) { return static_cast<char*>(all) + size_t(i) * bytes; };
  if (bytes > 0) std::memmove(place(rank_), own, bytes);
  const auto fill = [&](int64_t w, uint32_t id) {
    if (bytes > 0) std::memcpy(segment_->slot(rank_, id), place(rank_) + size_t(w) * window, length(w));
  };
  const auto drain = [&](int64_t w, uint32_t id) {
    for (int i = 0; i < size() && bytes > 0; ++i)
      if (i != rank_) std::memcpy(place(i) + size_t(w) * window, segment_->slot(i, id), length(w));
  };
  stream(call, count_windows(int64_t(bytes), int64_t(window)), {fill, drain});
}

void SharedCollectives::reduce_scatter(const Call& call, void* own, const void* all) {
  const Operation& op = call.operation;
  const size_t element = size_of(op.dtype);
  const int64_t window = int64_t(segment_->share_bytes() / element);
  const size_t stride = size_t(window) * element;
  const auto length = [&](int64_t w) { return std::min(window, op.count - w * window); };
  const auto part = [&](int64_t w, int i) {
    return static_cast<const char*>(all) + size_t(i * op.count + w * window) * element;
  };
  const auto fill = [&](int64_t w, uint32_t id) {
    for (int i = 0; i < size() && op.count > 0; ++i) {
      if (i == rank_) continue;
      std::memcpy(segment_->slot(rank_, id) + size_t(i) * stride, part(w, i), size_t(length(w)) * element);
    }
  };
  const auto drain = [&](int64_t w, uint32_t id) {
    std::vector<const void*> sources = contributions(id, size_t(rank_) * stride);
    sources[size_t(rank_)] = part(w, rank_);
    reduce(op.dtype, op.reduce, sources, static_cast<char*>(own) + size_t(w) * stride, length(w));
  };
  stream(call, count_windows(op.count, window), {fill, drain});
}

void SharedCollectives::broadcast(const Call& call, void* data) {
  const size_t bytes = call.operation.bytes(), window = segment_->slot_bytes();
  const int root = call.operation.root;
  const auto length = [&](int64_t w) { return std::min(window, bytes - size_t(w) * window); };
  const auto at = [&](int64_t w) { return static_cast<char*>(data) + size_t(w) * window; };
  const auto fill = [&](int64_t w, uint32_t id) {
    if (rank_ == root && bytes > 0) std::memcpy(segment_->slot(root, id), at(w), length(w));
  };
  const auto drain = [&](int64_t w, uint32_t id) {
    if (rank_ != root && bytes > 0) std::memcpy(at(w), segment_->slot(root, id), length(w));
  };
  stream(call, count_windows(int64_t(bytes), int64_t(window)), {fill, drain});
}

void SharedCollectives::barrier(const Call& call) {
  const auto nothing = [](int64_t, uint32_t) {};
  stream(call, 1, {nothing, nothing});
}

}  // namespace flm::host
