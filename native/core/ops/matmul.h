#pragma once
#include "core/int8_block.h"
#include "core/tensor.h"

namespace flm {

// c = alpha * op(a) * op(b) + bias + residual, or with `accumulate` c += alpha * op(a) * op(b).
// a and b share their type (f32, bf16, f64); c is f32, bf16 or f64 (f64 only with f64). Sums are f32 (f64).
// Or b is i8 (N, K) with transpose_b, and b[n, k] stands for b_scales[n, k / kScaleBlock] * b[n, k]; a is not
// transposed then. A backend may round such a b to the type of a, or a to 16 bits with a scale for each
// block. Or b is f32 where a is bf16, if the backend reads masters (Backend::reads_masters); it
// rounds such a b to bf16.
struct Matmul {
  Out c;             // (M, N)  =, or += with accumulate
  In a;              // (M, K), or (K, M) with transpose_a
  In b;              // (K, N), or (N, K) with transpose_b
  In b_scales = {};  // (N, scale_blocks(K)) stat where b is i8, else null
  In bias;           // (N) stat, or null; not with accumulate; may be rounded to the type of c first
  In residual;  // (M, N) with c's type and row stride, or null; not with accumulate; never the memory of c
  int64_t M, N, K;
  int64_t lda, ldb, ldc;  // elements from one stored row to the next
  double alpha = 1;
  bool transpose_a = false, transpose_b = false, accumulate = false;
};

}  // namespace flm
