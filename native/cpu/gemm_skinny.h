#pragma once
// Products with few rows of a (decoding): bound by reading b, which is therefore read once and not packed.
#include "cpu/simd.h"

namespace flm::cpu {
namespace {

// Steps of x that stay in the first-level cache while all columns are read.
constexpr int64_t kSkinnySteps = 1024;

// b (cols, k): dot products of kRows rows of x with kCols rows of b at a time, written or added to sums.
template <int kLanes, int kRows, int kCols, class T>
FLM_INLINE void skinny_dots(int64_t k, const float* x, int64_t ldx, const T* b, int64_t ldb, float* sums,
                            int64_t ld_sums, bool add) {
  using V = Vec<float, kLanes>;
  V sum[kRows][kCols] = {};
  const int64_t whole = k / kLanes * kLanes;
  for (int64_t step = 0; step < whole; step += kLanes) {
    V column[kCols];
#pragma GCC unroll 8
    for (int j = 0; j < kCols; ++j) column[j] = load_floats<kLanes>(b + j * ldb + step);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const V row = load<V>(x + i * ldx + step);
#pragma GCC unroll 8
      for (int j = 0; j < kCols; ++j) sum[i][j] += row * column[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kCols; ++j) {
      float total = sum_lanes<kLanes>(sum[i][j]);
      for (int64_t step = whole; step < k; ++step) total += x[i * ldx + step] * load_one(b + j * ldb + step);
      float& to = sums[i * ld_sums + j];
      to = add ? to + total : total;
    }
  }
}

template <int kLanes, int kRows, class T>
void skinny_transposed(int64_t cols, int64_t k, const float* x, int64_t ldx, const T* b, int64_t ldb,
                       float* sums, int64_t ld_sums) {
  // As many sums as there are registers for.
  constexpr int kCols = kLanes == 16 ? (kRows == 8 ? 3 : 4) : kRows <= 2 ? 4 : kRows <= 4 ? 2 : 1;
  for (int64_t step = 0; step == 0 || step < k; step += kSkinnySteps) {
    const int64_t steps = k - step < kSkinnySteps ? k - step : kSkinnySteps;
    const T* from = b + step;
    int64_t j = 0;
    for (; j + kCols <= cols; j += kCols) {
      skinny_dots<kLanes, kRows, kCols>(steps, x + step, ldx, from + j * ldb, ldb, sums + j, ld_sums,
                                        step > 0);
    }
    for (; j < cols; ++j) {
      skinny_dots<kLanes, kRows, 1>(steps, x + step, ldx, from + j * ldb, ldb, sums + j, ld_sums, step > 0);
    }
  }
}

// b (k, cols): kVecs vectors of columns at a time, down all of k.
template <int kLanes, int kRows, int kVecs, class T>
FLM_INLINE void skinny_columns(int64_t k, const float* x, int64_t ldx, const T* b, int64_t ldb, float* sums,
                               int64_t ld_sums) {
  using V = Vec<float, kLanes>;
  V sum[kRows][kVecs] = {};
  for (int64_t step = 0; step < k; ++step) {
    V row[kVecs];
#pragma GCC unroll 8
    for (int j = 0; j < kVecs; ++j) row[j] = load_floats<kLanes>(b + step * ldb + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < kVecs; ++j) sum[i][j] += x[i * ldx + step] * row[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kVecs; ++j) store(sums + i * ld_sums + j * kLanes, sum[i][j]);
  }
}

template <int kLanes, int kRows, class T>
void skinny_plain(int64_t cols, int64_t k, const float* x, int64_t ldx, const T* b, int64_t ldb, float* sums,
                  int64_t ld_sums) {
  constexpr int kVecs = kRows <= 2 ? 4 : kRows <= 4 ? 2 : 1;
  int64_t j = 0;
  for (; j + kVecs * kLanes <= cols; j += kVecs * kLanes) {
    skinny_columns<kLanes, kRows, kVecs>(k, x, ldx, b + j, ldb, sums + j, ld_sums);
  }
  for (; j + kLanes <= cols; j += kLanes) {
    skinny_columns<kLanes, kRows, 1>(k, x, ldx, b + j, ldb, sums + j, ld_sums);
  }
  for (; j < cols; ++j) {
    for (int i = 0; i < kRows; ++i) {
      float total = 0;
      for (int64_t step = 0; step < k; ++step) total += x[i * ldx + step] * load_one(b + step * ldb + j);
      sums[i * ld_sums + j] = total;
    }
  }
}

template <int kLanes, int kRows, class T>
FLM_INLINE void skinny_rows(int64_t cols, int64_t k, const float* x, int64_t ldx, const T* b, int64_t ldb,
                            bool b_transposed, float* sums, int64_t ld_sums) {
  if (b_transposed) {
    skinny_transposed<kLanes, kRows>(cols, k, x, ldx, b, ldb, sums, ld_sums);
  } else {
    skinny_plain<kLanes, kRows>(cols, k, x, ldx, b, ldb, sums, ld_sums);
  }
}

// rows of 1 to 8: the next power of two below, and the rest.
template <int kLanes, class T>
void skinny(int rows, int64_t cols, int64_t k, const float* x, int64_t ldx, const void* b, int64_t ldb,
            bool b_transposed, float* sums, int64_t ld_sums) {
  const T* from = static_cast<const T*>(b);
  if (rows == 8) {
    return skinny_rows<kLanes, 8>(cols, k, x, ldx, from, ldb, b_transposed, sums, ld_sums);
  }
  if (rows & 4) {
    skinny_rows<kLanes, 4>(cols, k, x, ldx, from, ldb, b_transposed, sums, ld_sums);
    x += 4 * ldx;
    sums += 4 * ld_sums;
  }
  if (rows & 2) {
    skinny_rows<kLanes, 2>(cols, k, x, ldx, from, ldb, b_transposed, sums, ld_sums);
    x += 2 * ldx;
    sums += 2 * ld_sums;
  }
  if (rows & 1) skinny_rows<kLanes, 1>(cols, k, x, ldx, from, ldb, b_transposed, sums, ld_sums);
}

}  // namespace
}  // namespace flm::cpu
