#pragma once
// Products with few rows of a (decoding): bound by reading b, which is therefore read once and not packed.
#include <type_traits>

#include "cpu/simd.h"

namespace flm::cpu {
namespace {

// An f32 in memory that is read as its rounding to bf16.
struct Rounded {
  float value;
};
FLM_INLINE float load_one(const Rounded* memory) { return to_float(to_bf16(memory->value)); }
template <int kLanes>
FLM_INLINE Vec<float, kLanes> load_floats(const Rounded* memory) {
  return (Vec<float, kLanes>)(bf16_bits<kLanes>(load<Vec<float, kLanes>>(memory)) << 16);
}
template <int kLanes>
FLM_INLINE void load_split(const Rounded* memory, Vec<float, kLanes>& even, Vec<float, kLanes>& odd) {
  const auto first = load_floats<kLanes>(memory), second = load_floats<kLanes>(memory + kLanes);
  Vec<int32_t, kLanes> evens;
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) evens[i] = 2 * i;
  even = __builtin_shuffle(first, second, evens);
  odd = __builtin_shuffle(first, second, evens + 1);
}

// Bytes between what is read and what is asked for.
constexpr int64_t kSkinnyAhead = 2048;

// How many steps of a row of b (cols, k) one round of skinny_dots takes. Those of bf16, and what is rounded
// to it, come split into even and odd ones, and so must x: see GemmKernels::skinny.
template <int kLanes, class T>
constexpr int kSkinnyRound = std::is_same_v<T, float> ? kLanes : 2 * kLanes;

template <int kLanes, class T>
FLM_INLINE void load_round(const T* b, Vec<float, kLanes>* column) {
  if constexpr (kSkinnyRound<kLanes, T> == kLanes)
    column[0] = load<Vec<float, kLanes>>(b);
  else
    load_split<kLanes>(b, column[0], column[1]);
}

// b (cols, k): dot products of kRows rows of x with kCols rows of b at a time. Each sum has one order
// whatever kRows and kCols are, so that a row's results do not depend on the other rows.
template <int kLanes, int kRows, int kCols, class T>
FLM_INLINE void skinny_dots(int64_t k, const float* x, int64_t ldx, const T* b, int64_t ldb, float* sums,
                            int64_t ld_sums) {
  using V = Vec<float, kLanes>;
  constexpr int kRound = kSkinnyRound<kLanes, T>, kVecs = kRound / kLanes;
  V sum[kRows][kCols] = {};
  const int64_t whole = k / kRound * kRound;
  for (int64_t step = 0; step < whole; step += kRound) {
    V column[kCols][kVecs];
#pragma GCC unroll 8
    for (int j = 0; j < kCols; ++j) load_round<kLanes>(b + j * ldb + step, column[j]);
    // The hardware follows a stream up to the end of a page: this reaches into the next one.
    __builtin_prefetch(b + (kCols - 1) * ldb + step + kSkinnyAhead / int64_t(sizeof(T)), 0, 2);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
      for (int vec = 0; vec < kVecs; ++vec) {
        const V row = load<V>(x + i * ldx + step + vec * kLanes);
#pragma GCC unroll 8
        for (int j = 0; j < kCols; ++j) sum[i][j] += row * column[j][vec];
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kCols; ++j) {
      float total = sum_lanes<kLanes>(sum[i][j]);
      for (int64_t step = whole; step < k; ++step) total += x[i * ldx + step] * load_one(b + j * ldb + step);
      sums[i * ld_sums + j] = total;
    }
  }
}

template <int kLanes, int kRows, class T>
void skinny_transposed(int64_t cols, int64_t k, const float* x, int64_t ldx, const T* b, int64_t ldb,
                       float* sums, int64_t ld_sums) {
  // Few rows of b at a time, so that it is read nearly as it lies in memory; two where many rows of x share
  // them.
  constexpr int kCols = kRows == 1 || (kLanes < 16 && kRows == 8) ? 1 : 2;
  int64_t j = 0;
  for (; j + kCols <= cols; j += kCols) {
    skinny_dots<kLanes, kRows, kCols>(k, x, ldx, b + j * ldb, ldb, sums + j, ld_sums);
  }
  for (; j < cols; ++j) skinny_dots<kLanes, kRows, 1>(k, x, ldx, b + j * ldb, ldb, sums + j, ld_sums);
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
