#include "model/linear.h"

namespace flm {

void linear_fwd(const Run& run, const LinearWeights& w, Out y, In x, In residual, int64_t N) {
  run.ops.matmul(run.context, {.c = y,
                               .a = x,
                               .b = w.matrix.value,
                               .bias = w.bias.value,
                               .residual = residual,
                               .b_packed = {},
                               .M = N,
                               .N = w.out,
                               .K = w.in,
                               .lda = w.in,
                               .ldb = w.in,
                               .ldc = w.out,
                               .transpose_b = true});
}

void linear_bwd(const Run& run, const LinearWeights& w, Out dx, In dy, In x, int64_t N) {
  if (dx)
    run.ops.matmul(run.context, {.c = dx,
                                 .a = dy,
                                 .b = w.matrix.value,
                                 .bias = {},
                                 .residual = {},
                                 .b_packed = {},
                                 .M = N,
                                 .N = w.in,
                                 .K = w.out,
                                 .lda = w.out,
                                 .ldb = w.in,
                                 .ldc = w.in});
  run.ops.matmul(run.context, {.c = w.matrix.grad,
                               .a = dy,
                               .b = x,
                               .bias = {},
                               .residual = {},
                               .b_packed = {},
                               .M = w.out,
                               .N = w.in,
                               .K = N,
                               .lda = w.out,
                               .ldb = w.in,
                               .ldc = w.in,
                               .transpose_a = true,
                               .accumulate = true});
  if (w.bias.value)
    run.ops.bias_bwd(run.context, {.dbias = w.bias.grad, .dy = dy, .N = N, .C = w.out, .ldy = w.out});
}

}  // namespace flm
