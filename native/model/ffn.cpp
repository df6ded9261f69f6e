#include "model/ffn.h"

#include "model/linear.h"

namespace flm {

FfnActivations take_ffn(const Run& run, int64_t N) {
  return {run.take(N * run.shape.ffn_in_size()), run.take(N * run.shape.ffn_hidden_size)};
}

void ffn_activation(const Run& run, const FfnActivations& kept, int64_t N) {
  const int64_t F = run.shape.ffn_hidden_size;
  if (run.shape.activation == Activation::swiglu)
    run.ops.swiglu_fwd(run.context,
                       {.y = kept.act, .gate_up = kept.pre, .mask = run.masks.ffn, .N = N, .F = F});
  else
    run.ops.gelu_fwd(run.context, {.y = kept.act, .x = kept.pre, .mask = run.masks.ffn, .N = N, .F = F});
}

void ffn_fwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, Out y, In x, In residual,
             int64_t N) {
  column_linear_fwd(run, w.ffn_in, kept.pre, x, N);
  ffn_activation(run, kept, N);
  row_linear_fwd(run, w.ffn_out, y, kept.act, residual, N);
}

void ffn_bwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, Out dx, In dy, In x,
             int64_t N) {
  const int64_t F = run.shape.ffn_hidden_size;
  const ArenaScope scope(run.arena);
  const Out dact = run.take(N * F);
  row_linear_bwd(run, w.ffn_out, dact, dy, kept.act, N);
  Out dpre = dact;
  if (run.shape.activation == Activation::swiglu) {
    dpre = run.take(N * 2 * F);
    run.ops.swiglu_bwd(
        run.context,
        {.dgate_up = dpre, .dy = dact, .gate_up = kept.pre, .mask = run.masks.ffn, .N = N, .F = F});
  } else {
    run.ops.gelu_bwd(run.context,
                     {.dx = dpre, .dy = dact, .x = kept.pre, .mask = run.masks.ffn, .N = N, .F = F});
  }
  column_linear_bwd(run, w.ffn_in, dx, dpre, x, N);
}

}  // namespace flm
