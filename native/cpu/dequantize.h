#pragma once
// The int8 operand of a product, and back to floating point.
#include <algorithm>
#include <cstdint>

#include "core/ops/matmul.h"
#include "cpu/gemm_kernels.h"
#include "cpu/parallel.h"
#include "cpu/vec_math.h"

namespace flm::cpu {

// b from row n on.
inline ScaledRows<int8_t> int8_rows_of_b(const Matmul& args, int64_t n) {
  const int64_t blocks = scale_blocks(args.K);
  return {args.b.as<int8_t>() + n * args.ldb, args.ldb, args.b_scales.as<float>() + n * blocks, blocks};
}

// to (rows, count), rows ld apart = columns [begin, begin + count) of `from`, in f32 or rounded to bf16.
template <class T>
void dequantize(Isa isa, T* to, int64_t ld, const ScaledRows<int8_t>& from, int64_t rows, int64_t begin,
                int64_t count) {
  run_for_isa(
      isa,
      [=](int64_t first, int64_t last) {
        for (int64_t row = first; row < last; ++row) {
          const int8_t* values = from.values + row * from.ld + begin;
          T* out = to + row * ld;
          for (int64_t i = 0; i < count;) {
            const int64_t block = (begin + i) / kScaleBlock;
            const int64_t end = std::min(count, (block + 1) * kScaleBlock - begin);
            const float scale = from.scales[row * from.ld_scales + block];
            for (; i < end; ++i) out[i] = round_to<T>(scale * float(values[i]));
          }
        }
      },
      0, rows);
}

}  // namespace flm::cpu
