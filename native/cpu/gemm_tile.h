#pragma once
// The register tile of all products: c (rows x cols) = alpha * a * b + bias + addend over packed operands.
#include "cpu/gemm_kernels.h"
#include "cpu/simd.h"

namespace flm::cpu {
namespace {

// Operands are made of 32-bit units along k: one f32, or two neighbouring bf16. A product policy says how a
// vector of units is multiplied by one unit and added up.
template <int kLanes>
struct F32Product {
  static constexpr int kLanesOf = kLanes;
  FLM_INLINE static Vec<float, kLanes> multiply_add(float a, Vec<float, kLanes> b, Vec<float, kLanes> sum) {
    return sum + a * b;
  }
};

// How a is stored: unit k of row i at a[k * stride + i], or at a[i * stride + k].
enum class Major { k, row };

// Into the second-level cache.
FLM_INLINE void ask_for_line(LinesAhead& ahead) {
  __builtin_prefetch(ahead.next, 0, 2);
  ahead.next += LinesAhead::kBytes;
  if (--ahead.left > 0) return;
  ahead.next += ahead.jump;
  ahead.left = ahead.per_row;
  --ahead.rows;
}

// b's panel: unit k of column j at b[k * 3 * kLanes + j].
template <class Product, class T, int kRows, int kVecs, Major kMajor>
[[gnu::noinline]] void register_tile(int64_t units, const float* a, int64_t stride, const float* b,
                                     const TileOutput& out) {
  constexpr int kLanes = Product::kLanesOf;
  using V = Vec<float, kLanes>;
  T* c = static_cast<T*>(out.c);
  const T* addend = static_cast<const T*>(out.addend);
  V sum[kRows][kVecs];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kVecs; ++j) sum[i][j] = V{};
  }
  // To be there when the sums are.
  const T* result = addend ? addend : c;
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kVecs; ++j) __builtin_prefetch(result + i * out.ldc + j * kLanes);
  }
  LinesAhead ahead = kMajor == Major::row && out.ahead ? *out.ahead : LinesAhead{};
  for (int64_t k = 0; k < units; ++k) {
    V column[kVecs];
#pragma GCC unroll 8
    for (int j = 0; j < kVecs; ++j) column[j] = load<V>(b + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const float unit = kMajor == Major::k ? a[i] : a[i * stride];
#pragma GCC unroll 8
      for (int j = 0; j < kVecs; ++j) sum[i][j] = Product::multiply_add(unit, column[j], sum[i][j]);
    }
    a += kMajor == Major::k ? stride : 1;
    b += 3 * kLanes;
    if (kMajor == Major::row && ahead.rows > 0) ask_for_line(ahead);
  }
  if (kMajor == Major::row && out.ahead) *out.ahead = ahead;
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kVecs; ++j) {
      V value = out.alpha * sum[i][j];
      if (out.sums) value += load<V>(out.sums + i * out.ld_sums + j * kLanes);
      if (out.bias) value += load<V>(out.bias + j * kLanes);
      if (addend) value += load_floats<kLanes>(addend + i * out.ldc + j * kLanes);
      store_rounded(c + i * out.ldc + j * kLanes, value);
    }
  }
}

template <class Product, class T, int kRows, Major kMajor>
FLM_INLINE void tile_rows(int vecs, int64_t units, const float* a, int64_t stride, const float* b,
                          const TileOutput& out) {
  if (vecs == 3) return register_tile<Product, T, kRows, 3, kMajor>(units, a, stride, b, out);
  if (vecs == 2) return register_tile<Product, T, kRows, 2, kMajor>(units, a, stride, b, out);
  register_tile<Product, T, kRows, 1, kMajor>(units, a, stride, b, out);
}

// rows <= kMr (8 or 4), whole vectors of columns.
template <class Product, class T, int kMr, Major kMajor>
FLM_INLINE void whole_tile(int rows, int vecs, int64_t units, const float* a, int64_t stride, const float* b,
                           const TileOutput& to) {
  if (kMr == 8 && rows == 8) return tile_rows<Product, T, 8, kMajor>(vecs, units, a, stride, b, to);
  TileOutput out = to;
  const auto skip = [&](int count) {
    a += count * (kMajor == Major::k ? 1 : stride);
    out.c = static_cast<T*>(out.c) + count * out.ldc;
    if (out.sums) out.sums += count * out.ld_sums;
    if (out.addend) out.addend = static_cast<const T*>(out.addend) + count * out.ldc;
  };
  if (rows & 4) {
    tile_rows<Product, T, 4, kMajor>(vecs, units, a, stride, b, out);
    skip(4);
  }
  if (rows & 2) {
    tile_rows<Product, T, 2, kMajor>(vecs, units, a, stride, b, out);
    skip(2);
  }
  if (rows & 1) tile_rows<Product, T, 1, kMajor>(vecs, units, a, stride, b, out);
}

// A tile whose last vector of columns reaches beyond c: what it reads and writes there is memory of our own.
template <class Product, class T, int kMr, Major kMajor>
[[gnu::noinline]] void ragged_tile(int rows, int cols, int64_t units, const float* a, int64_t stride,
                                   const float* b, const TileOutput& out) {
  constexpr int kLanes = Product::kLanesOf, kWidth = 3 * kLanes;
  T whole[kMr * kWidth] = {};
  float sums[kMr * kWidth] = {}, bias[kWidth] = {};
  const auto copy_rows = [&](auto* to, int64_t to_stride, const auto* from, int64_t from_stride) {
    for (int i = 0; i < rows; ++i)
      std::memcpy(to + i * to_stride, from + i * from_stride, size_t(cols) * sizeof *to);
  };
  TileOutput inside = out;
  inside.c = whole;
  inside.ldc = inside.ld_sums = kWidth;
  if (out.sums) {
    copy_rows(sums, kWidth, out.sums, out.ld_sums);
    inside.sums = sums;
  }
  if (out.bias) {
    std::memcpy(bias, out.bias, size_t(cols) * sizeof(float));
    inside.bias = bias;
  }
  if (out.addend) {
    copy_rows(whole, kWidth, static_cast<const T*>(out.addend), out.ldc);
    inside.addend = whole;
  }
  whole_tile<Product, T, kMr, kMajor>(rows, (cols + kLanes - 1) / kLanes, units, a, stride, b, inside);
  copy_rows(static_cast<T*>(out.c), out.ldc, whole, kWidth);
}

// rows <= kMr, cols <= 3 * kLanes. T: the type of c.
template <class Product, class T, int kMr, Major kMajor>
void tile(int rows, int cols, int64_t units, const float* a, int64_t stride, const float* b,
          const TileOutput& out) {
  constexpr int kLanes = Product::kLanesOf;
  if (cols % kLanes) return ragged_tile<Product, T, kMr, kMajor>(rows, cols, units, a, stride, b, out);
  whole_tile<Product, T, kMr, kMajor>(rows, cols / kLanes, units, a, stride, b, out);
}

}  // namespace
}  // namespace flm::cpu
