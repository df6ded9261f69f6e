#include "clique.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/dtype.h"

namespace flm::fake_nccl {
namespace {

// In rank order, bf16 in f32.
template <class T>
void reduce(const std::vector<const void*>& in, size_t first, size_t n, Reduction reduction, void* out) {
  using Sum = std::conditional_t<std::is_same_v<T, bf16>, float, T>;
  const auto value = [&](size_t rank, size_t i) {
    const T x = static_cast<const T*>(in[rank])[first + i];
    if constexpr (std::is_same_v<T, bf16>)
      return to_float(x);
    else
      return x;
  };
  for (size_t i = 0; i < n; ++i) {
    Sum sum = value(0, i);
    for (size_t rank = 1; rank < in.size(); ++rank)
      sum = reduction == nccl::kMax ? std::max<Sum>(sum, value(rank, i)) : Sum(sum + value(rank, i));
    if constexpr (std::is_same_v<T, bf16>)
      static_cast<T*>(out)[i] = to_bf16(sum);
    else
      static_cast<T*>(out)[i] = sum;
  }
}

void reduce(const std::vector<const void*>& in, size_t first, const Collective& what, void* out) {
  switch (what.type) {
    case nccl::kFloat32:
      return reduce<float>(in, first, what.n, what.reduction, out);
    case nccl::kBfloat16:
      return reduce<bf16>(in, first, what.n, what.reduction, out);
    case nccl::kFloat64:
      return reduce<double>(in, first, what.n, what.reduction, out);
    case nccl::kInt32:
      return reduce<int32_t>(in, first, what.n, what.reduction, out);
    case nccl::kUint8:
      return reduce<uint8_t>(in, first, what.n, what.reduction, out);
  }
}

}  // namespace

size_t size_of(DataType type) {
  switch (type) {
    case nccl::kUint8:
      return 1;
    case nccl::kBfloat16:
      return 2;
    case nccl::kFloat64:
      return 8;
    default:
      return 4;
  }
}

void Clique::join() {
  const std::lock_guard lock(mutex_);
  ++joined_;
}

bool Clique::is_complete() {
  const std::lock_guard lock(mutex_);
  return joined_ == size_;
}

void Clique::finalize() {
  const std::lock_guard lock(mutex_);
  ++finalized_;
}

bool Clique::is_final() {
  const std::lock_guard lock(mutex_);
  return finalized_ == size_;
}

void Clique::wake() {
  {
    const std::lock_guard lock(mutex_);
  }
  changed_.notify_all();
}

void Clique::hang(const std::atomic<bool>& aborted) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return aborted.load(); });
}

void Clique::connect(const std::atomic<bool>& aborted) {
  std::unique_lock lock(mutex_);
  ++connected_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return connected_ == size_ || aborted; });
}

void Clique::run(uint64_t sequence, int rank, const Collective& what, const void* in, void* out,
                 const std::atomic<bool>& aborted) {
  std::unique_lock lock(mutex_);
  Round& round = rounds_[sequence];
  round.what.push_back(what);
  round.in.resize(size_t(size_));
  round.in[size_t(rank)] = in;
  ++round.arrived;
  changed_.notify_all();
  const auto agree = [&] {
    return std::all_of(round.what.begin(), round.what.end(), [&](const auto& w) { return w == what; });
  };
  changed_.wait(lock, [&] { return (round.arrived == size_ && agree() && !broken_) || aborted; });
  if (leaves(aborted)) return;
  lock.unlock();
  const std::vector<unsigned char> result = compute(round, rank);
  lock.lock();
  ++round.computed;
  changed_.notify_all();
  // Nobody's input may change before all have read it.
  changed_.wait(lock, [&] { return (round.computed == size_ && !broken_) || aborted; });
  if (!leaves(aborted)) std::memcpy(out, result.data(), result.size());
}

// A rank that leaves early takes its memory with it: the others must not read that any more.
bool Clique::leaves(const std::atomic<bool>& aborted) {
  broken_ = broken_ || aborted;
  return aborted;
}

std::vector<unsigned char> Clique::compute(const Round& round, int rank) const {
  const Collective& what = round.what[0];
  const size_t bytes = what.n * size_of(what.type);
  std::vector<unsigned char> result(what.kind == Kind::all_gather ? bytes * size_t(size_) : bytes);
  switch (what.kind) {
    case Kind::all_reduce:
      reduce(round.in, 0, what, result.data());
      break;
    case Kind::reduce_scatter:
      reduce(round.in, size_t(rank) * what.n, what, result.data());
      break;
    case Kind::all_gather:
      for (size_t other = 0; other < round.in.size(); ++other)
        std::memcpy(result.data() + other * bytes, round.in[other], bytes);
      break;
    case Kind::broadcast:
      std::memcpy(result.data(), round.in[size_t(what.root)], bytes);
      break;
  }
  return result;
}

void Clique::send(const void* data, size_t bytes, int from, int to, const std::atomic<bool>& aborted) {
  const auto message = std::make_shared<Message>(Message{data, bytes});
  std::unique_lock lock(mutex_);
  messages_[{from, to}].push_back(message);
  changed_.notify_all();
  changed_.wait(lock, [&] { return message->taken || aborted; });
  leaves(aborted);
}

void Clique::receive(void* data, size_t bytes, int from, int to, const std::atomic<bool>& aborted) {
  std::unique_lock lock(mutex_);
  auto& messages = messages_[{from, to}];
  changed_.wait(
      lock, [&] { return (!messages.empty() && messages.front()->bytes == bytes && !broken_) || aborted; });
  if (leaves(aborted)) return;
  std::memcpy(data, messages.front()->data, bytes);
  messages.front()->taken = true;
  messages.pop_front();
  changed_.notify_all();
}

}  // namespace flm::fake_nccl
