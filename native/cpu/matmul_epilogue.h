#pragma once
// The end of a product: from f32 sums to c.
#include <cstdint>

#include "core/op_list.h"
#include "cpu/parallel.h"
#include "cpu/vec_math.h"

namespace flm::cpu {

// A part of c: rows [row, row + rows), columns [col, col + cols).
struct Block {
  int64_t row, col, rows, cols;
};

// c = round(sums + bias + residual), or with accumulate c = round(c + sums), in the given part. Row i of
// `sums` begins at sums + i * ld.
template <class T>
void finish_block(Isa isa, const Matmul& args, const Block& block, const float* sums, int64_t ld) {
  run_for_isa(
      isa,
      [&](int64_t begin, int64_t end) {
        const float* bias = args.bias ? args.bias.as<float>() + block.col : nullptr;
        for (int64_t i = begin; i < end; ++i) {
          const int64_t offset = (block.row + i) * args.ldc + block.col;
          T* c = args.c.as<T>() + offset;
          const float* row = sums + i * ld;
          const T* addend = args.accumulate ? c : args.residual ? args.residual.as<T>() + offset : nullptr;
          if (bias && addend) {
            for (int64_t j = 0; j < block.cols; ++j)
              c[j] = round_to<T>(row[j] + bias[j] + load_float(addend[j]));
          } else if (bias) {
            for (int64_t j = 0; j < block.cols; ++j) c[j] = round_to<T>(row[j] + bias[j]);
          } else if (addend) {
            for (int64_t j = 0; j < block.cols; ++j) c[j] = round_to<T>(row[j] + load_float(addend[j]));
          } else {
            for (int64_t j = 0; j < block.cols; ++j) c[j] = round_to<T>(row[j]);
          }
        }
      },
      0, block.rows);
}

}  // namespace flm::cpu
