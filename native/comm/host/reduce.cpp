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

template <class T>
void reduce_as(ReduceOp op, const std::vector<const void*>& sources, T* out, int64_t count) {
  Sum<T> sum[kBlock];
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t n = std::min(kBlock, count - begin);
    const T* first = static_cast<const T*>(sources[0]) + begin;
    for (int64_t i = 0; i < n; ++i) sum[i] = widen(first[i]);
    for (size_t rank = 1; rank < sources.size(); ++rank) {
      const T* next = static_cast<const T*>(sources[rank]) + begin;
      if (op == ReduceOp::sum)
        for (int64_t i = 0; i < n; ++i) sum[i] += widen(next[i]);
      else
        for (int64_t i = 0; i < n; ++i) sum[i] = larger<T>(sum[i], widen(next[i]));
    }
    for (int64_t i = 0; i < n; ++i) out[begin + i] = narrow<T>(sum[i]);
  }
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
      break;
  }
  fail(ErrorCode::invalid_argument, "u8 is not reduced");
}

}  // namespace flm::host
