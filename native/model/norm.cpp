#include "model/norm.h"

namespace flm {

namespace {
double mask_sum(const Run& run) {
  return run.masks.hidden ? run.masks.hidden_sum : double(run.shape.hidden_size);
}
}  // namespace

NormActivations take_norm(const Run& run, int64_t N) {
  const Out y = run.take(N * run.shape.hidden_size);
  NormActivations kept = take_statistics(run, N);
  kept.y = y;
  return kept;
}

NormActivations take_statistics(const Run& run, int64_t N) {
  NormActivations kept;
  if (run.shape.norm == NormKind::layer_norm) kept.mean = run.take_stat(N);
  kept.rstd = run.take_stat(N);
  return kept;
}

void norm_fwd(const Run& run, const NormWeights& w, const NormActivations& kept, In x, int64_t N) {
  const int64_t C = run.shape.hidden_size;
  if (run.shape.norm == NormKind::layer_norm)
    run.ops.layer_norm_fwd(run.context, {.y = kept.y,
                                         .mean = kept.mean,
                                         .rstd = kept.rstd,
                                         .x = x,
                                         .gain = w.gain.value,
                                         .bias = w.bias.value,
                                         .mask = run.masks.hidden,
                                         .mask_sum = mask_sum(run),
                                         .N = N,
                                         .C = C,
                                         .eps = run.shape.norm_eps});
  else
    run.ops.rms_norm_fwd(run.context, {.y = kept.y,
                                       .rstd = kept.rstd,
                                       .x = x,
                                       .gain = w.gain.value,
                                       .mask = run.masks.hidden,
                                       .mask_sum = mask_sum(run),
                                       .N = N,
                                       .C = C,
                                       .eps = run.shape.norm_eps});
}

void norm_bwd(const Run& run, const NormWeights& w, const NormActivations& kept, Out dx, In dy, In x,
              In residual_grad, int64_t N) {
  const int64_t C = run.shape.hidden_size;
  if (run.shape.norm == NormKind::layer_norm)
    run.ops.layer_norm_bwd(run.context, {.dx = dx,
                                         .dgain = w.gain.grad,
                                         .dbias = w.bias.grad,
                                         .dy = dy,
                                         .x = x,
                                         .residual_grad = residual_grad,
                                         .gain = w.gain.value,
                                         .mean = kept.mean,
                                         .rstd = kept.rstd,
                                         .mask = run.masks.hidden,
                                         .mask_sum = mask_sum(run),
                                         .N = N,
                                         .C = C});
  else
    run.ops.rms_norm_bwd(run.context, {.dx = dx,
                                       .dgain = w.gain.grad,
                                       .dy = dy,
                                       .x = x,
                                       .residual_grad = residual_grad,
                                       .gain = w.gain.value,
                                       .rstd = kept.rstd,
                                       .mask = run.masks.hidden,
                                       .mask_sum = mask_sum(run),
                                       .N = N,
                                       .C = C});
}

}  // namespace flm
