#include "model/linear.h"

#include "model/tensor_parallel.h"

namespace flm {

namespace {

// y (N, out) = x W^T + bias + residual
void product(const Run& run, const LinearWeights& w, Out y, In x, In bias, In residual, int64_t N) {
  run.ops.matmul(run.context, {.c = y,
                               .a = x,
                               .b = w.matrix.value,
                               .b_scales = w.scales,
                               .bias = bias,
                               .residual = residual,
                               .M = N,
                               .N = w.out,
                               .K = w.in,
                               .lda = w.in,
                               .ldb = w.in,
                               .ldc = w.out,
                               .transpose_b = true});
}

}  // namespace

void input_gradient(const Run& run, const LinearWeights& w, Out dx, In dy, int64_t N) {
  run.ops.matmul(run.context, {.c = dx,
                               .a = dy,
                               .b = w.matrix.value,
                               .bias = {},
                               .residual = {},
                               .M = N,
                               .N = w.in,
                               .K = w.out,
                               .lda = w.out,
                               .ldb = w.in,
                               .ldc = w.in});
}

void weight_gradients(const Run& run, const LinearWeights& w, In dy, In x, int64_t N) {
  run.ops.matmul(run.context, {.c = w.matrix.grad,
                               .a = dy,
                               .b = x,
                               .bias = {},
                               .residual = {},
                               .M = w.out,
                               .N = w.in,
                               .K = N,
                               .lda = w.out,
                               .ldb = w.in,
                               .ldc = w.in,
                               .transpose_a = true,
                               .accumulate = !run.first_micro_batch});
  if (w.bias.value)
    run.ops.bias_bwd(run.context, {.dbias = w.bias.grad, .dy = dy, .N = N, .C = w.out, .ldy = w.out});
}

void column_linear_fwd(const Run& run, const LinearWeights& w, Out y, In x, int64_t N) {
  const ArenaScope scope(run.arena);
  product(run, w, y, gather_rows(run, x, N), w.bias.value, {}, N);
}

void column_linear_bwd(const Run& run, const LinearWeights& w, Out dx, In dy, In x, int64_t N) {
  const ArenaScope scope(run.arena);
  const Out partial = take_partial(run, dx, N);
  input_gradient(run, w, partial, dy, N);
  reduce_rows(run, dx, partial, N);
  weight_gradients(run, w, dy, gather_rows(run, x, N), N);
}

void row_linear_fwd(const Run& run, const LinearWeights& w, Out y, In x, In residual, int64_t N) {
  if (run.tensor.size == 1) return product(run, w, y, x, w.bias.value, residual, N);
  const ArenaScope scope(run.arena);
  const Out partial = take_partial(run, y, N);
  // The bias is everybody's, so that only one rank may add it.
  product(run, w, partial, x, run.tensor.rank == 0 ? w.bias.value : In{}, {}, N);
  reduce_rows(run, y, partial, N);
  if (residual)
    run.ops.axpby(run.context,
                  {.y = y, .x = y, .z = residual, .n = local_rows(run, N) * w.out, .alpha = 1, .beta = 1});
}

void row_linear_bwd(const Run& run, const LinearWeights& w, Out dx, In dy, In x, int64_t N) {
  const ArenaScope scope(run.arena);
  const In all = gather_rows(run, dy, N);
  input_gradient(run, w, dx, all, N);
  weight_gradients(run, w, all, x, N);
}

}  // namespace flm
