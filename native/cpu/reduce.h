#pragma once
// Sums whose order depends on sizes alone, never on the number of threads.
#include <algorithm>
#include <cstdint>

#include "cpu/parallel.h"

namespace flm::cpu {

// The sum of term(i) over [0, count), in kLanes interleaved partial sums: an order that a compiler may
// vectorise without being allowed to reorder arithmetic.
template <class Sum = float, class Term>
inline Sum lane_sum(int64_t count, const Term& term) {
  constexpr int kLanes = 32;
  Sum lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) lanes[lane] += term(i + lane);
  for (int lane = 0; i + lane < count; ++lane) lanes[lane] += term(i + lane);
  for (int width = kLanes / 2; width > 0; width /= 2)
    for (int lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  return lanes[0];
}

// Rows of `width` elements that make a chunk worth handing to a thread.
inline int64_t rows_per_task(int64_t width) {
  return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width));
}

// The cut of N rows into at most kMaxCount chunks, each of which sums a parameter gradient of its own.
struct RowChunks {
  static constexpr int64_t kMaxCount = 64, kMinRows = 16;

  explicit RowChunks(int64_t N)
      : rows(std::max(kMinRows, (N + kMaxCount - 1) / kMaxCount)), count((N + rows - 1) / rows) {}

  int64_t rows, count;
};

// sum[c] += partial[0][c] + partial[1][c] + ... for `count` rows of C.
inline void add_partial_sums(Context& context, float* sum, const float* partial, int64_t count, int64_t C) {
  parallel_for(context, C, 1024, [=](int64_t begin, int64_t end) {
    for (int64_t chunk = 0; chunk < count; ++chunk) {
      const float* row = partial + chunk * C;
#pragma GCC ivdep
      for (int64_t c = begin; c < end; ++c) sum[c] += row[c];
    }
  });
}

}  // namespace flm::cpu
