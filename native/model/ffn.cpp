#include "model/ffn.h"

#include "model/linear.h"
#include "model/tensor_parallel.h"

namespace flm {

FfnActivations take_ffn(const Run& run, int64_t N) { return {run.take(N * run.shape.ffn_in_size())}; }

void ffn_in_fwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, In x, int64_t N) {
  column_linear_fwd(run, w.ffn_in, kept.pre, x, N);
}

void ffn_out_fwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, Out y, In residual,
                 int64_t N) {
  const int64_t F = run.shape.ffn_hidden_size;
  const ArenaScope scope(run.arena);
  const Out act = run.take(N * F);
  if (run.shape.activation == Activation::swiglu)
    run.ops.swiglu_fwd(run.context, {.y = act, .gate_up = kept.pre, .mask = run.masks.ffn, .N = N, .F = F});
  else
    run.ops.gelu_fwd(run.context, {.y = act, .x = kept.pre, .mask = run.masks.ffn, .N = N, .F = F});
  row_linear_fwd(run, w.ffn_out, y, act, residual, N);
}

void ffn_bwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, Out dx, In dy, In x,
             int64_t N) {
  const int64_t F = run.shape.ffn_hidden_size;
  const ArenaScope scope(run.arena);
  const Out act = run.take(N * F);
  const Out dact = run.take(N * F);
  const bool gated = run.shape.activation == Activation::swiglu;
  const Out dpre = gated ? run.take(N * 2 * F) : dact;
  {
    const ArenaScope gathered(run.arena);
    const In all = gather_rows(run, dy, N);
    input_gradient(run, w.ffn_out, dact, all, N);
    if (gated)
      run.ops.swiglu_bwd(run.context, {.dgate_up = dpre,
                                       .y = act,
                                       .dy = dact,
                                       .gate_up = kept.pre,
                                       .mask = run.masks.ffn,
                                       .N = N,
                                       .F = F});
    else
      run.ops.gelu_bwd(
          run.context,
          {.dx = dpre, .y = act, .dy = dact, .x = kept.pre, .mask = run.masks.ffn, .N = N, .F = F});
    weight_gradients(run, w.ffn_out, all, act, N);
  }
  column_linear_bwd(run, w.ffn_in, dx, dpre, x, N);
}

}  // namespace flm
