// Every verb of the host communicator on every type, size and number of ranks, over shared memory, TCP and a
// mixture of both, against sums made here.
#include <algorithm>
#include <cstring>

#include "core/dtype.h"
#include "host_group.h"
#include "test.h"

namespace flm::test {
namespace {

// Nothing, one, odd, and (for all types but f64 just) above two windows of five ranks.
constexpr int64_t kSizes[] = {0, 1, 3, 1025, 700001};
constexpr Stream kNow{};

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

template <class T>
void check_reductions(Communicator& world, int64_t n) {
  constexpr DType dtype = DTypeOf<T>::value;
  const int size = world.size();
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::max}) {
    std::vector<T> data = values<T>(world.rank(), n), expected(data.size());
    for (int64_t i = 0; i < n; ++i) expected[size_t(i)] = reduced<T>(size, i, op);
    world.all_reduce({data.data(), dtype}, n, op, kNow);
    CHECK(same_bits(data, expected));
  }
  std::vector<T> all = values<T>(world.rank(), n * size), own(static_cast<size_t>(n)), expected(own.size());
  for (int64_t i = 0; i < n; ++i) expected[size_t(i)] = reduced<T>(size, world.rank() * n + i, ReduceOp::sum);
  world.reduce_scatter({own.data(), dtype}, {all.data(), dtype}, n, kNow);
  CHECK(same_bits(own, expected));
  T* const place = all.data() + world.rank() * n;
  world.reduce_scatter({place, dtype}, {all.data(), dtype}, n, kNow);
  CHECK(same_bits(std::vector<T>(place, place + n), expected));
}

template <class T>
void check_moves(Communicator& world, int64_t n) {
  constexpr DType dtype = DTypeOf<T>::value;
  const int size = world.size(), rank = world.rank();
  std::vector<T> own = values<T>(rank, n), all(static_cast<size_t>(n * size)), expected;
  for (int other = 0; other < size; ++other) {
    const std::vector<T> part = values<T>(other, n);
    expected.insert(expected.end(), part.begin(), part.end());
  }
  world.all_gather({all.data(), dtype}, {own.data(), dtype}, n, kNow);
  CHECK(same_bits(all, expected));
  std::vector<T> in_place(all.size());
  std::copy(own.begin(), own.end(), in_place.begin() + rank * n);
  world.all_gather({in_place.data(), dtype}, {in_place.data() + rank * n, dtype}, n, kNow);
  CHECK(same_bits(in_place, expected));
  for (int root = 0; root < size; ++root) {
    std::vector<T> data = rank == root ? values<T>(root, n) : std::vector<T>(own.size());
    world.broadcast({data.data(), dtype}, n, root, kNow);
    CHECK(same_bits(data, values<T>(root, n)));
  }
  if (size == 1) return;
  // Everybody sends two before anybody receives.
  const int next = (rank + 1) % size, previous = (rank + size - 1) % size;
  const std::vector<T> second = values<T>(rank, n, 99);
  world.send({own.data(), dtype}, n, next, kNow);
  world.send({second.data(), dtype}, n, next, kNow);
  std::vector<T> got(own.size());
  world.recv({got.data(), dtype}, n, previous, kNow);
  CHECK(same_bits(got, values<T>(previous, n)));
  world.recv({got.data(), dtype}, n, previous, kNow);
  CHECK(same_bits(got, values<T>(previous, n, 99)));
}

void check_everything(int ranks, const std::vector<int>& host_of) {
  const auto body = [](int, Communicator& world, Device&) {
    for (const int64_t n : kSizes) {
      check_reductions<float>(world, n);
      check_reductions<bf16>(world, n);
      check_reductions<double>(world, n);
      check_reductions<int32_t>(world, n);
      check_moves<float>(world, n);
      check_moves<bf16>(world, n);
      check_moves<uint8_t>(world, n);
      world.barrier();
    }
  };
  run_ranks(ranks, body, {.host_of = host_of});
}

FLM_TEST(host_verbs_in_shared_memory) {
  for (int ranks = 1; ranks <= 5; ++ranks) check_everything(ranks, {});
}

FLM_TEST(host_verbs_over_tcp) {
  check_everything(2, {0, 1});
  check_everything(3, {0, 1, 2});
}

// As one host: the expected bits are the same.
FLM_TEST(host_verbs_on_two_hosts_of_two) {
  check_everything(4, {0, 0, 1, 1});
  check_everything(4, {0, 1, 0, 1});
}

FLM_TEST(host_verbs_refuse_bad_arguments) {
  run_ranks(2, [](int rank, Communicator& world, Device&) {
    float x = 0;
    const Out data{&x, DType::f32}, bytes{&x, DType::u8};
    CHECK_THROWS(world.broadcast(data, 1, 2, kNow), ErrorCode::invalid_argument);
    CHECK_THROWS(world.send(data, 1, rank, kNow), ErrorCode::invalid_argument);
    CHECK_THROWS(world.recv(data, 1, -1, kNow), ErrorCode::invalid_argument);
    CHECK_THROWS(world.all_reduce(bytes, 1, ReduceOp::sum, kNow), ErrorCode::invalid_argument);
    CHECK_THROWS(world.all_reduce(data, -1, ReduceOp::sum, kNow), ErrorCode::invalid_argument);
    CHECK_THROWS(world.all_gather(data, bytes, 1, kNow), ErrorCode::invalid_argument);
    world.barrier();  // a refused call leaves the group usable
  });
}

// Many large messages under way in both directions: no send waits for its recv.
FLM_TEST(host_sends_do_not_wait) {
  for (const std::vector<int>& hosts : {std::vector<int>{}, std::vector<int>{0, 1}}) {
    run_ranks(2,
              [](int rank, Communicator& world, Device&) {
                constexpr int kMessages = 24;
                constexpr int64_t kCount = 300000;
                for (int m = 0; m < kMessages; ++m) {
                  const std::vector<float> data(size_t(kCount), float(rank * 100 + m));
                  world.send({const_cast<float*>(data.data()), DType::f32}, kCount, 1 - rank, kNow);
                }
                std::vector<float> got(static_cast<size_t>(kCount));
                for (int m = 0; m < kMessages; ++m) {
                  world.recv({got.data(), DType::f32}, kCount, 1 - rank, kNow);
                  CHECK(got == std::vector<float>(size_t(kCount), float((1 - rank) * 100 + m)));
                }
              },
              {.host_of = hosts});
  }
}

}  // namespace
}  // namespace flm::test
