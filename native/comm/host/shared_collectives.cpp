#include "comm/host/shared_collectives.h"

#include <algorithm>
#include <cstring>

#include "comm/host/reduce.h"

namespace flm::host {
namespace {

// Up to here every rank adds up all of it: cheaper than one more round of waiting.
constexpr int64_t kSmallElements = 4096;

// At least one, so that the ranks meet also for nothing.
int64_t count_windows(int64_t n, int64_t window) { return std::max<int64_t>(1, (n + window - 1) / window); }

}  // namespace

// fill(window, parity) lays down this rank's contribution; drain(window, parity) uses everybody's. Why two
// parities suffice: window w is laid down where w - 2 was, which all have finished (`done`); and nobody reads
// the results of w - 2 any more when w is drained, since each drained w - 2 before it filled w.
template <class Fill, class Drain>
void SharedCollectives::stream(const Call& call, int64_t windows, Fill&& fill, Drain&& drain) {
  segment_->state(rank_).operations[call.operation.sequence & 1] = call.operation;
  const uint32_t first = next_window_;
  next_window_ += uint32_t(windows);
  for (int64_t w = 0; w <= windows; ++w) {
    const uint32_t window = first + uint32_t(w);
    if (w < windows) {
      await_all(&RankState::done, window - 1, call);
      fill(w, int(window & 1));
      publish(&RankState::filled, window + 1);
    }
    if (w > 0) {
      await_all(&RankState::filled, window, call);
      if (w == 1) check_operations(call);
      drain(w - 1, int((window - 1) & 1));
      publish(&RankState::done, window);
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

std::vector<const void*> SharedCollectives::contributions(int parity, size_t offset) {
  std::vector<const void*> sources;
  for (int i = 0; i < size(); ++i) sources.push_back(segment_->slot(i, parity) + offset);
  return sources;
}

void SharedCollectives::all_reduce(const Call& call, void* data) {
  const Operation& op = call.operation;
  const size_t element = size_of(op.dtype);
  const int64_t window = int64_t(segment_->share_bytes() / element) * size();
  char* const bytes = static_cast<char*>(data);
  const auto length = [&](int64_t w) { return std::min(window, op.count - w * window); };
  const auto at = [&](int64_t w) { return bytes + size_t(w * window) * element; };

  const auto fill = [&](int64_t w, int parity) {
    if (op.count > 0) std::memcpy(segment_->slot(rank_, parity), at(w), size_t(length(w)) * element);
  };
  const auto drain = [&](int64_t w, int parity) {
    const int64_t n = length(w);
    if (n <= kSmallElements) return reduce(op.dtype, op.reduce, contributions(parity, 0), at(w), n);
    const int64_t begin = share_begin(n, rank_, size()), end = share_begin(n, rank_ + 1, size());
    const size_t offset = size_t(begin) * element;
    char* const results = segment_->results(parity);
    reduce(op.dtype, op.reduce, contributions(parity, offset), results + offset, end - begin);
    // `done` says both: the slots are read, and this rank's share of the results is there.
    const uint32_t done = segment_->state(rank_).done.value.load(std::memory_order_relaxed) + 1;
    publish(&RankState::done, done);
    await_all(&RankState::done, done, call);
    std::memcpy(at(w), results, size_t(n) * element);
  };
  stream(call, count_windows(op.count, window), fill, drain);
}

void SharedCollectives::all_gather(const Call& call, void* all, const void* own) {
  const size_t bytes = call.operation.bytes(), window = segment_->slot_bytes();
  const auto length = [&](int64_t w) { return std::min(window, bytes - size_t(w) * window); };
  const auto fill = [&](int64_t w, int parity) {
    const size_t begin = size_t(w) * window;
    if (bytes > 0)
      std::memcpy(segment_->slot(rank_, parity), static_cast<const char*>(own) + begin, length(w));
  };
  const auto drain = [&](int64_t w, int parity) {
    const size_t begin = size_t(w) * window;
    for (int i = 0; i < size() && bytes > 0; ++i)
      std::memcpy(static_cast<char*>(all) + size_t(i) * bytes + begin, segment_->slot(i, parity), length(w));
  };
  stream(call, count_windows(int64_t(bytes), int64_t(window)), fill, drain);
}

void SharedCollectives::reduce_scatter(const Call& call, void* own, const void* all) {
  const Operation& op = call.operation;
  const size_t element = size_of(op.dtype);
  const int64_t window = int64_t(segment_->share_bytes() / element);
  const size_t stride = size_t(window) * element;
  const auto length = [&](int64_t w) { return std::min(window, op.count - w * window); };
  const auto fill = [&](int64_t w, int parity) {
    for (int i = 0; i < size() && op.count > 0; ++i) {
      const char* part = static_cast<const char*>(all) + size_t(i * op.count + w * window) * element;
      std::memcpy(segment_->slot(rank_, parity) + size_t(i) * stride, part, size_t(length(w)) * element);
    }
  };
  const auto drain = [&](int64_t w, int parity) {
    reduce(op.dtype, op.reduce, contributions(parity, size_t(rank_) * stride),
           static_cast<char*>(own) + size_t(w) * stride, length(w));
  };
  stream(call, count_windows(op.count, window), fill, drain);
}

void SharedCollectives::broadcast(const Call& call, void* data) {
  const size_t bytes = call.operation.bytes(), window = segment_->slot_bytes();
  const int root = call.operation.root;
  const auto length = [&](int64_t w) { return std::min(window, bytes - size_t(w) * window); };
  const auto at = [&](int64_t w) { return static_cast<char*>(data) + size_t(w) * window; };
  const auto fill = [&](int64_t w, int parity) {
    if (rank_ == root && bytes > 0) std::memcpy(segment_->slot(root, parity), at(w), length(w));
  };
  const auto drain = [&](int64_t w, int parity) {
    if (rank_ != root && bytes > 0) std::memcpy(at(w), segment_->slot(root, parity), length(w));
  };
  stream(call, count_windows(int64_t(bytes), int64_t(window)), fill, drain);
}

void SharedCollectives::barrier(const Call& call) {
  stream(call, 1, [](int64_t, int) {}, [](int64_t, int) {});
}

}  // namespace flm::host
