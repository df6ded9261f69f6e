#pragma once
// What every communicator of several ranks must do, for each type and size, against sums made here.
#include <algorithm>
#include <cstring>
#include <vector>

#include "comm/communicator.h"
#include "core/dtype.h"
#include "engine/device_buffer.h"
#include "test.h"

namespace flm::test {

template <class T>
T value(int rank, int64_t i) {
  const auto mixed = uint32_t(i * 2654435761u + uint32_t(rank) * 40503u + 7u) >> 8;
  if constexpr (std::is_same_v<T, bf16>)
    return to_bf16(float(mixed % 4096) / 64.f - 31.f);
  else if constexpr (std::is_integral_v<T>)
    return T(mixed % 250);
  else
    return T(mixed % 100003) / T(977) - T(50);
}

template <class T>
std::vector<T> values(int rank, int64_t n, int64_t first = 0) {
  std::vector<T> data(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) data[size_t(i)] = value<T>(rank, first + i);
  return data;
}

// In rank order, bf16 in f32: the bits that every rank must have.
template <class T>
T reduced(int ranks, int64_t i, ReduceOp op) {
  using Sum = std::conditional_t<std::is_same_v<T, bf16>, float, T>;
  const auto widen = [](T x) {
    if constexpr (std::is_same_v<T, bf16>)
      return to_float(x);
    else
      return x;
  };
  Sum sum = widen(value<T>(0, i));
  for (int rank = 1; rank < ranks; ++rank) {
    const Sum next = widen(value<T>(rank, i));
    sum = op == ReduceOp::sum ? Sum(sum + next) : std::max(sum, next);
  }
  if constexpr (std::is_same_v<T, bf16>)
    return to_bf16(sum);
  else
    return sum;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

// An array in the device's memory.
template <class T>
class OnDevice {
 public:
  OnDevice(Device& device, const std::vector<T>& values)
      : device_(device), size_(values.size()), memory_(device, int64_t(size_), DTypeOf<T>::value) {
    device_.copy_now(at().data, values.data(), size_ * sizeof(T), CopyKind::host_to_device, stream());
  }
  OnDevice(Device& device, int64_t n) : OnDevice(device, std::vector<T>(size_t(n))) {}

  Out at(int64_t i = 0) const { return memory_.view().at(i); }
  // When the compute stream is done.
  std::vector<T> read() const {
    std::vector<T> values(size_);
    device_.copy_now(values.data(), at().data, size_ * sizeof(T), CopyKind::device_to_host, stream());
    return values;
  }

 private:
  Stream stream() const { return device_.stream(StreamRole::compute); }

  Device& device_;
  size_t size_;
  DeviceBuffer memory_;
};

template <class T>
bool part_equals(const std::vector<T>& values, int64_t begin, const std::vector<T>& expected) {
  const auto first = values.begin() + begin;
  return same_bits(std::vector<T>(first, first + int64_t(expected.size())), expected);
}

template <class T>
void check_reductions(Communicator& world, Device& device, int64_t n) {
  const Stream stream = device.stream(StreamRole::compute);
  const int size = world.size(), rank = world.rank();
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::max}) {
    const OnDevice<T> data(device, values<T>(rank, n));
    std::vector<T> expected(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i) expected[size_t(i)] = reduced<T>(size, i, op);
    world.all_reduce(data.at(), n, op, stream);
    CHECK(same_bits(data.read(), expected));
  }
  const OnDevice<T> all(device, values<T>(rank, n * size)), own(device, n);
  std::vector<T> expected(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) expected[size_t(i)] = reduced<T>(size, rank * n + i, ReduceOp::sum);
  world.reduce_scatter(own.at(), all.at(), n, stream);
  CHECK(same_bits(own.read(), expected));
  world.reduce_scatter(all.at(rank * n), all.at(), n, stream);
  CHECK(part_equals(all.read(), rank * n, expected));
}

template <class T>
void check_gathers(Communicator& world, Device& device, int64_t n) {
  const Stream stream = device.stream(StreamRole::compute);
  const int size = world.size(), rank = world.rank();
  std::vector<T> own = values<T>(rank, n), expected, at_its_place(size_t(n * size));
  for (int other = 0; other < size; ++other) {
    const std::vector<T> part = values<T>(other, n);
    expected.insert(expected.end(), part.begin(), part.end());
  }
  std::copy(own.begin(), own.end(), at_its_place.begin() + rank * n);
  const OnDevice<T> from(device, own), all(device, n * size), in_place(device, at_its_place);
  world.all_gather(all.at(), from.at(), n, stream);
  CHECK(same_bits(all.read(), expected));
  world.all_gather(in_place.at(), in_place.at(rank * n), n, stream);
  CHECK(same_bits(in_place.read(), expected));
  for (int root = 0; root < size; ++root) {
    const OnDevice<T> data(device, rank == root ? own : std::vector<T>(own.size()));
    world.broadcast(data.at(), n, root, stream);
    CHECK(same_bits(data.read(), values<T>(root, n)));
  }
}

// Everybody sends two before anybody receives; what was sent may be overwritten.
template <class T>
void check_messages(Communicator& world, Device& device, int64_t n) {
  const int size = world.size(), rank = world.rank();
  if (size == 1) return;
  const Stream stream = device.stream(StreamRole::compute);
  const int next = (rank + 1) % size, previous = (rank + size - 1) % size;
  const OnDevice<T> first(device, values<T>(rank, n)), second(device, values<T>(rank, n, 99)), got(device, n);
  world.send(first.at(), n, next, stream);
  device.fill_zero(first.at().data, size_t(n) * sizeof(T), stream);
  world.send(second.at(), n, next, stream);
  world.recv(got.at(), n, previous, stream);
  CHECK(same_bits(got.read(), values<T>(previous, n)));
  world.recv(got.at(), n, previous, stream);
  CHECK(same_bits(got.read(), values<T>(previous, n, 99)));
}

template <class T>
void check_moves(Communicator& world, Device& device, int64_t n) {
  check_gathers<T>(world, device, n);
  check_messages<T>(world, device, n);
}

inline void check_all_verbs(Communicator& world, Device& device, int64_t n) {
  check_reductions<float>(world, device, n);
  check_reductions<bf16>(world, device, n);
  check_reductions<double>(world, device, n);
  check_reductions<int32_t>(world, device, n);
  check_moves<float>(world, device, n);
  check_moves<bf16>(world, device, n);
  check_moves<uint8_t>(world, device, n);
  world.barrier();
}

}  // namespace flm::test
