#include "comm/host/reduce.h"

#include <algorithm>
#include <type_traits>

#include "core/error.h"

namespace flm::host {
namespace {

// Elements that are reduced over all sources before the next ones, so that the sums stay in the first cache.
constexpr int64_t kBlock = 2048;

template <class T>
using Sum = std::conditional_t<std::is_same_v<T, bf16>, float,
                               std::conditional_t<std::is_same_v<T, int32_t>, uint32_t, T>>;

template <class T>
Sum<T> widen(T value) {
  if constexpr (std::is_same_v<T, bf16>)
    return to_float(value);
  else
    return Sum<T>(value);
}

template <class T>
T narrow(Sum<T> value) {
  if constexpr (std::is_same_v<T, bf16>)
    return to_bf16(value);
  else
    return T(value);
}

// The larger one; NaN wins, so that none is lost.
template <class T>
Sum<T> larger(Sum<T> a, Sum<T> b) {
  if constexpr (std::is_same_v<T, int32_t>)
    return int32_t(b) > int32_t(a) ? b : a;
  else
    return b > a || b != b ? b : a;
}

template <class T, ReduceOp kOp>
Sum<T> combine(Sum<T> a, Sum<T> b) {
  if constexpr (kOp == ReduceOp::sum)
    return a + b;
  else
    return larger<T>(a, b);
}

// A fixed number of sources: the sums stay in registers, and every element is read once.
template <class T, ReduceOp kOp, size_t kSources>
void reduce_few(const std::vector<const void*>& sources, T* out, int64_t count) {
  const T* from[kSources];
  for (size_t rank = 0; rank < kSources; ++rank) from[rank] = static_cast<const T*>(sources[rank]);
  // Where `out` is one of the sources, an element is read before it is written, and by no other iteration.
#pragma GCC ivdep
  for (int64_t i = 0; i < count; ++i) {
    Sum<T> sum = widen(from[0][i]);
    for (size_t rank = 1; rank < kSources; ++rank) sum = combine<T, kOp>(sum, widen(from[rank][i]));
    out[i] = narrow<T>(sum);
  }
}

template <class T, ReduceOp kOp>
void reduce_many(const std::vector<const void*>& sources, T* out, int64_t count) {
  Sum<T> sum[kBlock];
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t n = std::min(kBlock, count - begin);
    const T* first = static_cast<const T*>(sources[0]) + begin;
    for (int64_t i = 0; i < n; ++i) sum[i] = widen(first[i]);
    for (size_t rank = 1; rank < sources.size(); ++rank) {
      const T* next = static_cast<const T*>(sources[rank]) + begin;
      for (int64_t i = 0; i < n; ++i) sum[i] = combine<T, kOp>(sum[i], widen(next[i]));
    }
    for (int64_t i = 0; i < n; ++i) out[begin + i] = narrow<T>(sum[i]);
  }
}

template <class T, ReduceOp kOp>
void reduce_by(const std::vector<const void*>& sources, T* out, int64_t count) {
  switch (sources.size()) {
    case 2:
      return reduce_few<T, kOp, 2>(sources, out, count);
    case 4:
      return reduce_few<T, kOp, 4>(sources, out, count);
    case 8:
      return reduce_few<T, kOp, 8>(sources, out, count);
    default:
      return reduce_many<T, kOp>(sources, out, count);
  }
}

template <class T>
void reduce_as(ReduceOp op, const std::vector<const void*>& sources, T* out, int64_t count) {
  if (op == ReduceOp::sum)
    reduce_by<T, ReduceOp::sum>(sources, out, count);
  else
    reduce_by<T, ReduceOp::max>(sources, out, count);
}

}  // namespace

void reduce(DType dtype, ReduceOp op, const std::vector<const void*>& sources, void* out, int64_t count) {
  switch (dtype) {
    case DType::f32:
      return reduce_as(op, sources, static_cast<float*>(out), count);
    case DType::bf16:
      return reduce_as(op, sources, static_cast<bf16*>(out), count);
    case DType::f64:
      return reduce_as(op, sources, static_cast<double*>(out), count);
    case DType::i32:
      return reduce_as(op, sources, static_cast<int32_t*>(out), count);
    case DType::u8:
    case DType::i8:
      break;
  }
  fail(ErrorCode::invalid_argument, name_of(dtype), " is not reduced");
}

}  // namespace flm::host
