#pragma once
// Skinny products (see gemm_skinny.h) with b in int8. Rows of x are int16, so that a block is multiplied and
// added up as integers, exactly; blocks add up in f32. A block of x is off by at most 2^-16 of its largest
// value, which is nothing beside the rounding of b.
#include "cpu/gemm_kernels.h"
#include "cpu/gemm_skinny.h"
#include "cpu/pair_product.h"

namespace flm::cpu {
namespace {

// Bytes between what is read and what is asked for: a block takes less time than the same bytes of bf16.
constexpr int64_t kInt8Ahead = 2 * kSkinnyAhead;

template <class Q>
FLM_INLINE ScaledRows<Q> rows_from(const ScaledRows<Q>& all, int64_t row) {
  return {all.values + row * all.ld, all.ld, all.scales + row * all.ld_scales, all.ld_scales};
}

// sum[i][j] += (block of row i of x) * (block of row j of b), whose values lie ldb apart.
template <int kLanes, int kRows, int kCols>
FLM_INLINE void add_block(int64_t block, const ScaledRows<int16_t>& x, const ScaledRows<int8_t>& b,
                          const int8_t* values, int64_t ldb, Vec<float, kLanes> (&sum)[kRows][kCols]) {
  using Steps = Vec<int16_t, 2 * kLanes>;
  constexpr int kSteps = 2 * kLanes;
  Vec<int32_t, kLanes> dots[kRows][kCols] = {};
#pragma GCC unroll 8
  for (int step = 0; step < kScaleBlock / 2; step += kSteps) {
    // Two bytes to a lane: nothing has to move between lanes.
    Steps even[kCols], odd[kCols];
#pragma GCC unroll 2
    for (int j = 0; j < kCols; ++j) {
      const Steps bytes = load<Steps>(values + j * ldb + 2 * step);
      even[j] = bytes << 8 >> 8;
      odd[j] = bytes >> 8;
    }
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const int16_t* row = x.values + i * x.ld + block * kScaleBlock + step;
#pragma GCC unroll 2
      for (int j = 0; j < kCols; ++j)
        dots[i][j] += multiply_pairs<kLanes>(load<Steps>(row), even[j]) +
                      multiply_pairs<kLanes>(load<Steps>(row + kScaleBlock / 2), odd[j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < kCols; ++j) {
      const float scale = x.scales[i * x.ld_scales + block] * b.scales[j * b.ld_scales + block];
      sum[i][j] += scale * __builtin_convertvector(dots[i][j], Vec<float, kLanes>);
    }
  }
}

// Dot products of kRows rows of x with kCols rows of b. Each has one order whatever kRows and kCols are.
template <int kLanes, int kRows, int kCols>
FLM_INLINE void int8_dots(int64_t k, const ScaledRows<int16_t>& x, const ScaledRows<int8_t>& b, float* sums,
                          int64_t ld_sums) {
  Vec<float, kLanes> sum[kRows][kCols] = {};
  const int64_t whole = k / kScaleBlock;
  for (int64_t block = 0; block < whole; ++block) {
    const int8_t* values = b.values + block * kScaleBlock;
    // The hardware follows a stream up to the end of a page: this reaches into the next one.
    for (int j = 0; j < kCols; ++j) __builtin_prefetch(values + j * b.ld + kInt8Ahead, 0, 2);
    add_block<kLanes, kRows, kCols>(block, x, b, values, b.ld, sum);
  }
  if (const int64_t rest = k - whole * kScaleBlock; rest > 0) {
    int8_t last[kCols * kScaleBlock] = {};
    for (int j = 0; j < kCols; ++j)
      std::memcpy(last + j * kScaleBlock, b.values + j * b.ld + whole * kScaleBlock, size_t(rest));
    add_block<kLanes, kRows, kCols>(whole, x, b, last, kScaleBlock, sum);
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < kCols; ++j) sums[i * ld_sums + j] = sum_lanes<kLanes>(sum[i][j]);
  }
}

template <int kLanes, int kRows>
FLM_INLINE void int8_rows(int64_t cols, int64_t k, const ScaledRows<int16_t>& x, const ScaledRows<int8_t>& b,
                          float* sums, int64_t ld_sums) {
  // Few rows of b at a time, so that it is read nearly as it lies in memory.
  constexpr int kCols = kRows == 2 || kRows == 4 ? 2 : 1;
  int64_t j = 0;
  for (; j + kCols <= cols; j += kCols)
    int8_dots<kLanes, kRows, kCols>(k, x, rows_from(b, j), sums + j, ld_sums);
  for (; j < cols; ++j) int8_dots<kLanes, kRows, 1>(k, x, rows_from(b, j), sums + j, ld_sums);
}

// GemmKernels::skinny_int8: rows of 1 to 8, the largest power of two that is left at a time.
template <int kLanes>
void skinny_int8(int rows, int64_t cols, int64_t k, const ScaledRows<int16_t>& x, const ScaledRows<int8_t>& b,
                 float* sums, int64_t ld_sums) {
  if (kLanes == 16 && rows == 8) return int8_rows<kLanes, 8>(cols, k, x, b, sums, ld_sums);
  int row = 0;
  for (; row + 4 <= rows; row += 4)
    int8_rows<kLanes, 4>(cols, k, rows_from(x, row), b, sums + row * ld_sums, ld_sums);
  if (rows - row >= 2) {
    int8_rows<kLanes, 2>(cols, k, rows_from(x, row), b, sums + row * ld_sums, ld_sums);
    row += 2;
  }
  if (row < rows) int8_rows<kLanes, 1>(cols, k, rows_from(x, row), b, sums + row * ld_sums, ld_sums);
}

}  // namespace
}  // namespace flm::cpu
