#include "comm/host/message_collectives.h"

#include <algorithm>
#include <cstring>

#include "comm/host/reduce.h"

namespace flm::host {
namespace {

// Up to here everybody sends everything to everybody: one round instead of two.
constexpr size_t kSmallBytes = 32 << 10;
// Of what one rank sends another at a time: large enough for a socket, small enough for the caches.
constexpr size_t kPartBytes = 256 << 10;
// Windows of a broadcast that may be under way before the root waits for thanks.
constexpr int64_t kUnthanked = 4;

// At least one, so that the ranks meet also for nothing.
int64_t count_windows(int64_t n, int64_t window) { return std::max<int64_t>(1, (n + window - 1) / window); }

const char* offset(const void* data, int64_t elements, size_t element) {
  return static_cast<const char*>(data) + size_t(elements) * element;
}
char* offset(void* data, int64_t elements, size_t element) {
  return static_cast<char*>(data) + size_t(elements) * element;
}

void copy(void* to, const Message& from) {
  if (from.payload.size() > 0) std::memcpy(to, from.payload.data(), from.payload.size());
}

}  // namespace

void MessageCollectives::send(const Call& call, Channel channel, int to, const void* data, size_t bytes) {
  mesh_.send(call, group_, channel, members_[size_t(to)], data, bytes);
}

Message MessageCollectives::receive(const Call& call, Channel channel, int from) {
  return mesh_.receive(call, group_, channel, members_[size_t(from)]);
}

void MessageCollectives::reduce_received(const Call& call, const void* own, void* out, int64_t n) {
  std::vector<Message> messages(members_.size());
  std::vector<const void*> sources(members_.size());
  for (int i = 0; i < size(); ++i) {
    if (i == rank_) {
      sources[size_t(i)] = own;
    } else {
      messages[size_t(i)] = receive(call, Channel::inputs, i);
      sources[size_t(i)] = messages[size_t(i)].payload.data();
    }
  }
  reduce(call.operation.dtype, call.operation.reduce, sources, out, n);
}

void MessageCollectives::all_reduce_small(const Call& call, void* data) {
  for (int i = 0; i < size(); ++i)
    if (i != rank_) send(call, Channel::inputs, i, data, call.operation.bytes());
  reduce_received(call, data, data, call.operation.count);
}

void MessageCollectives::all_reduce(const Call& call, void* data) {
  const Operation& op = call.operation;
  if (op.bytes() <= kSmallBytes) return all_reduce_small(call, data);
  const size_t element = size_of(op.dtype);
  const int64_t window = int64_t(kPartBytes / element) * size();
  const int64_t windows = count_windows(op.count, window);
  // The share of rank i in window w, as [begin, end) of the data.
  const auto begin = [&](int64_t w, int i) {
    return w * window + share_begin(std::min(window, op.count - w * window), i, size());
  };
  const auto bytes = [&](int64_t w, int i) { return size_t(begin(w, i + 1) - begin(w, i)) * element; };
  // Three windows are under way: one is sent, one is reduced, of one the results come in.
  for (int64_t w = 0; w < windows + 2; ++w) {
    for (int i = 0; i < size() && w < windows; ++i)
      if (i != rank_) send(call, Channel::inputs, i, offset(data, begin(w, i), element), bytes(w, i));
    if (const int64_t v = w - 1; v >= 0 && v < windows) {
      char* const share = offset(data, begin(v, rank_), element);
      reduce_received(call, share, share, begin(v, rank_ + 1) - begin(v, rank_));
      for (int i = 0; i < size(); ++i)
        if (i != rank_) send(call, Channel::results, i, share, bytes(v, rank_));
    }
    if (const int64_t v = w - 2; v >= 0) {
      for (int i = 0; i < size(); ++i)
        if (i != rank_) copy(offset(data, begin(v, i), element), receive(call, Channel::results, i));
    }
  }
}

void MessageCollectives::all_gather(const Call& call, void* all, const void* own) {
  const Operation& op = call.operation;
  const size_t element = size_of(op.dtype);
  const int64_t window = int64_t(kPartBytes / element);
  const int64_t windows = count_windows(op.count, window);
  for (int64_t w = 0; w <= windows; ++w) {
    for (int i = 0; i < size() && w < windows; ++i) {
      const size_t bytes = size_t(std::min(window, op.count - w * window)) * element;
      if (i != rank_) send(call, Channel::inputs, i, offset(own, w * window, element), bytes);
    }
    for (int i = 0; i < size() && w > 0; ++i) {
      const int64_t place = i * op.count + (w - 1) * window;
      if (i != rank_) copy(offset(all, place, element), receive(call, Channel::inputs, i));
    }
  }
  if (op.count > 0) std::memmove(offset(all, rank_ * op.count, element), own, op.bytes());
}

void MessageCollectives::reduce_scatter(const Call& call, void* own, const void* all) {
  const Operation& op = call.operation;
  const size_t element = size_of(op.dtype);
  const int64_t window = int64_t(kPartBytes / element);
  const int64_t windows = count_windows(op.count, window);
  const auto length = [&](int64_t w) { return std::min(window, op.count - w * window); };
  const auto part = [&](int64_t w, int i) { return offset(all, i * op.count + w * window, element); };
  for (int64_t w = 0; w <= windows; ++w) {
    for (int i = 0; i < size() && w < windows; ++i)
      if (i != rank_) send(call, Channel::inputs, i, part(w, i), size_t(length(w)) * element);
    if (w > 0)
      reduce_received(call, part(w - 1, rank_), offset(own, (w - 1) * window, element), length(w - 1));
  }
}

void MessageCollectives::broadcast(const Call& call, void* data) {
  const Operation& op = call.operation;
  const size_t element = size_of(op.dtype);
  const int64_t window = int64_t(kPartBytes / element);
  const int64_t windows = count_windows(op.count, window);
  const auto at = [&](int64_t w) { return offset(data, w * window, element); };
  if (rank_ != op.root) {
    for (int64_t w = 0; w < windows; ++w) {
      copy(at(w), receive(call, Channel::inputs, op.root));
      send(call, Channel::results, op.root, nullptr, 0);
    }
    return;
  }
  for (int64_t w = 0; w < windows + kUnthanked; ++w) {
    for (int i = 0; i < size(); ++i) {
      if (i == rank_) continue;
      if (w < windows)
        send(call, Channel::inputs, i, at(w), size_t(std::min(window, op.count - w * window)) * element);
      if (w >= kUnthanked) receive(call, Channel::results, i);
    }
  }
}

void MessageCollectives::barrier(const Call& call) {
  for (int i = 0; i < size(); ++i)
    if (i != rank_) send(call, Channel::inputs, i, nullptr, 0);
  for (int i = 0; i < size(); ++i)
    if (i != rank_) receive(call, Channel::inputs, i);
}

}  // namespace flm::host
