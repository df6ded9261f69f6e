#pragma once
// What the forward and the backward pass of attention share. Both work on tiles of queries and keys of one
// head with the register tiles of products, and hold scores transposed: a row of scores belongs to a key, its
// columns are queries, so that everything done for each query runs along vectors.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/tensor.h"
#include "cpu/gemm_kernels.h"
#include "cpu/parallel.h"
#include "cpu/vec_math.h"

namespace flm::cpu {

// Hands out a thread's scratch memory; counts only, when there is none yet.
class ScratchPlan {
 public:
  explicit ScratchPlan(float* base) : base_(base) {}
  float* take(int64_t floats) {
    float* memory = base_ ? base_ + used_ : nullptr;
    used_ += ceil_div(floats, 64) * 64;
    return memory;
  }
  int64_t floats() const { return used_; }

 private:
  float* base_;
  int64_t used_ = 0;
};

// One head's rows in a tensor of tokens.
struct HeadRows {
  In first;        // row 0
  int64_t stride;  // elements from row to row

  const void* at(int64_t row, int64_t column = 0) const { return first.at(row * stride + column).data; }
  template <class T>
  const T* row(int64_t index) const {
    return static_cast<const T*>(at(index));
  }
};

// The operands of a head's products, in units of the kernels' type.
class HeadPacker {
 public:
  HeadPacker(const GemmKernels& kernels, int64_t D) : kernels_(kernels), D_(D) {}

  int64_t units(int64_t steps) const { return ceil_div(steps, kernels_.steps_per_unit); }
  int64_t row_units() const { return units(D_); }
  int64_t row_panels() const { return ceil_div(D_, kernels_.nr); }
  // Columns of each panel over D but the last: all alike, in whole vectors.
  int64_t panel_width() const {
    const int64_t lanes = kernels_.nr / 3;
    return ceil_div(ceil_div(D_, row_panels()), lanes) * lanes;
  }
  // The floats of one panel of `count` rows.
  int64_t panel_floats(int64_t count) const { return units(count) * kernels_.nr; }

  // The queries of a panel that see none of the keys of a register tile, in whole vectors: `lead` is how far
  // the panel's first query is ahead of the tile's first key.
  int64_t skipped_columns(int64_t lead) const {
    const int64_t lanes = kernels_.nr / 3;
    return std::max<int64_t>(0, -lead) / lanes * lanes;
  }

  // `count` rows as they are, row_units() apart: the left side of a product over D.
  void copy_rows(float* to, const HeadRows& rows, int64_t first, int64_t count) const {
    kernels_.copy_rows(to, row_units(), rows.at(first), rows.stride, count, D_);
  }

  // The transposed rows as panels over rows: the right side of a product over D.
  void pack_transposed(float* to, const HeadRows& rows, int64_t first, int64_t count) const {
    kernels_.pack_b(to, kernels_.nr * row_units(), rows.at(first), rows.stride, true, count, D_);
  }

  // The rows as panels over D, panel_floats(count) apart: the right side of a product over rows.
  void pack_panels(float* to, const HeadRows& rows, int64_t first, int64_t count) const {
    for (int64_t d = 0; d < D_; d += panel_width(), to += panel_floats(count)) {
      kernels_.pack_b(to, panel_floats(count), rows.at(first, d), rows.stride, false,
                      std::min(panel_width(), D_ - d), count);
    }
  }

  // c (rows x D, rows ldc apart) = or += a * panels, the inner length being `steps` of the `count` packed
  // rows from row `skip` on (a multiple of steps_per_unit).
  void multiply_panels(GemmKernels::Tile tile, int rows, int64_t steps, const float* a, int64_t stride,
                       const float* panels, int64_t count, int64_t skip, float* c, int64_t ldc,
                       bool add) const {
    const float* b = panels + skip / kernels_.steps_per_unit * kernels_.nr;
    for (int64_t d = 0; d < D_; d += panel_width(), b += panel_floats(count)) {
      tile(rows, int(std::min(panel_width(), D_ - d)), units(steps), a, stride, b,
           {.c = c + d, .ldc = ldc, .addend = add ? c + d : nullptr});
    }
  }

 private:
  const GemmKernels& kernels_;
  int64_t D_;
};

// Rows of a head lie far apart, so that the processor does not foresee them: asks for the one that is
// kRowsAhead further on.
constexpr int64_t kRowsAhead = 8;
template <int kForWriting, class T>
inline void prefetch_row_after(const T* row, int64_t stride, int64_t D) {
  for (int64_t d = 0; d < D; d += 64 / int64_t(sizeof(T)))
    __builtin_prefetch(row + kRowsAhead * stride + d, kForWriting);
}

// Scores are held in units of ln 2, since 2^x is cheaper than e^x.
constexpr double kLog2E = 1.4426950408889634, kLn2 = 0.6931471805599453;

// Its upper half is the value in bf16. Halves are rounded away from zero, in one step where halves to even
// need four; NaN made by arithmetic survives.
inline uint32_t rounded_bits(float value) { return std::bit_cast<uint32_t>(value) + 0x8000u; }
// Two bf16 as a unit.
inline float unit_of(float low, float high) {
  return std::bit_cast<float>(rounded_bits(low) >> 16 | (rounded_bits(high) & 0xffff0000u));
}

}  // namespace flm::cpu
