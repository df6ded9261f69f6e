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
  HeadPacker(Isa isa, const GemmKernels& kernels, int64_t D) : isa_(isa), kernels_(kernels), D_(D) {}

  int64_t units(int64_t steps) const { return ceil_div(steps, kernels_.steps_per_unit); }
  int64_t row_units() const { return units(D_); }
  int64_t row_panels() const { return ceil_div(D_, kernels_.nr); }
  // The floats of one panel of `count` rows.
  int64_t panel_floats(int64_t count) const { return units(count) * kernels_.nr; }

  // `count` rows as they are, row_units() apart: the left side of a product over D.
  void copy_rows(float* to, const HeadRows& rows, int64_t first, int64_t count) const {
    const bool widen = rows.first.dtype == DType::bf16 && kernels_.steps_per_unit == 1;
    if (!widen) {
      const size_t bytes = size_t(D_) * size_of(rows.first.dtype);
      for (int64_t i = 0; i < count; ++i) {
        to[(i + 1) * row_units() - 1] = 0;  // where D is odd the last unit is half filled
        std::memcpy(to + i * row_units(), rows.at(first + i), bytes);
      }
      return;
    }
    run_for_isa(
        isa_,
        [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            const bf16* from = rows.row<bf16>(first + i);
            for (int64_t d = 0; d < D_; ++d) to[i * D_ + d] = load_float(from[d]);
          }
        },
        0, count);
  }

  // The transposed rows as panels over rows: the right side of a product over D.
  void pack_transposed(float* to, const HeadRows& rows, int64_t first, int64_t count) const {
    for (int64_t i = 0; i < count; i += kernels_.nr) {
      kernels_.pack_b(to + i * row_units(), rows.at(first + i), rows.stride, true,
                      int(std::min<int64_t>(kernels_.nr, count - i)), D_);
    }
  }

  // The rows as panels over D, panel_floats(count) apart: the right side of a product over rows.
  void pack_panels(float* to, const HeadRows& rows, int64_t first, int64_t count) const {
    for (int64_t d = 0; d < D_; d += kernels_.nr) {
      kernels_.pack_b(to, rows.at(first, d), rows.stride, false, int(std::min<int64_t>(kernels_.nr, D_ - d)),
                      count);
      to += panel_floats(count);
    }
  }

  // c (rows x D, rows ldc apart) = or += a * panels, the inner length being `steps` of the `count` packed
  // rows from row `skip` on (a multiple of steps_per_unit).
  void multiply_panels(GemmKernels::Tile tile, int rows, int64_t steps, const float* a, int64_t stride,
                       const float* panels, int64_t count, int64_t skip, float* c, int64_t ldc,
                       bool add) const {
    const float* b = panels + skip / kernels_.steps_per_unit * kernels_.nr;
    for (int64_t d = 0; d < D_; d += kernels_.nr, b += panel_floats(count)) {
      tile(rows, int(std::min<int64_t>(kernels_.nr, D_ - d)), units(steps), a, stride, b, c + d, ldc, 1.0f,
           add);
    }
  }

 private:
  Isa isa_;
  const GemmKernels& kernels_;
  int64_t D_;
};

// Two bf16 as a unit. NaN made by arithmetic survives this rounding.
inline uint32_t rounded_bits(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  return bits + 0x7fffu + ((bits >> 16) & 1u);
}
inline float unit_of(float low, float high) {
  return std::bit_cast<float>(rounded_bits(low) >> 16 | (rounded_bits(high) & 0xffff0000u));
}

}  // namespace flm::cpu
