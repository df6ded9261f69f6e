#pragma once
// The register tile of all products: c (rows x cols) = or += alpha * a * b over packed operands.
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

// b's panel: unit k of column j at b[k * 3 * kLanes + j].
template <class Product, int kRows, int kVecs, Major kMajor>
[[gnu::noinline]] void register_tile(int64_t units, const float* a, int64_t stride, const float* b, float* c,
                                     int64_t ldc, float alpha, bool add) {
  constexpr int kLanes = Product::kLanesOf;
  using V = Vec<float, kLanes>;
  V sum[kRows][kVecs];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kVecs; ++j) sum[i][j] = V{};
  }
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
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kVecs; ++j) {
      float* to = c + i * ldc + j * kLanes;
      store(to, add ? load<V>(to) + alpha * sum[i][j] : alpha * sum[i][j]);
    }
  }
}

template <class Product, int kRows, Major kMajor>
FLM_INLINE void tile_rows(int vecs, int64_t units, const float* a, int64_t stride, const float* b, float* c,
                          int64_t ldc, float alpha, bool add) {
  if (vecs == 3) return register_tile<Product, kRows, 3, kMajor>(units, a, stride, b, c, ldc, alpha, add);
  if (vecs == 2) return register_tile<Product, kRows, 2, kMajor>(units, a, stride, b, c, ldc, alpha, add);
  register_tile<Product, kRows, 1, kMajor>(units, a, stride, b, c, ldc, alpha, add);
}

// rows <= kMr (8 or 4), whole vectors of columns.
template <class Product, int kMr, Major kMajor>
FLM_INLINE void whole_tile(int rows, int vecs, int64_t units, const float* a, int64_t stride, const float* b,
                           float* c, int64_t ldc, float alpha, bool add) {
  const int64_t row_step = kMajor == Major::k ? 1 : stride;
  if (kMr == 8 && rows == 8)
    return tile_rows<Product, 8, kMajor>(vecs, units, a, stride, b, c, ldc, alpha, add);
  if (rows & 4) {
    tile_rows<Product, 4, kMajor>(vecs, units, a, stride, b, c, ldc, alpha, add);
    a += 4 * row_step;
    c += 4 * ldc;
  }
  if (rows & 2) {
    tile_rows<Product, 2, kMajor>(vecs, units, a, stride, b, c, ldc, alpha, add);
    a += 2 * row_step;
    c += 2 * ldc;
  }
  if (rows & 1) tile_rows<Product, 1, kMajor>(vecs, units, a, stride, b, c, ldc, alpha, add);
}

// rows <= kMr, cols <= 3 * kLanes.
template <class Product, int kMr, Major kMajor>
void tile(int rows, int cols, int64_t units, const float* a, int64_t stride, const float* b, float* c,
          int64_t ldc, float alpha, bool add) {
  constexpr int kLanes = Product::kLanesOf;
  const int vecs = (cols + kLanes - 1) / kLanes;
  if (cols == vecs * kLanes) {
    return whole_tile<Product, kMr, kMajor>(rows, vecs, units, a, stride, b, c, ldc, alpha, add);
  }
  constexpr int kWidth = 3 * kLanes;
  float whole[kMr * kWidth];
  whole_tile<Product, kMr, kMajor>(rows, vecs, units, a, stride, b, whole, kWidth, alpha, false);
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < cols; ++j) c[i * ldc + j] = whole[i * kWidth + j] + (add ? c[i * ldc + j] : 0.0f);
  }
}

}  // namespace
}  // namespace flm::cpu
