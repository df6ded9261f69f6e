#include <cmath>

#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/mask.h"
#include "cpu/reduce.h"
#include "cpu/vec_math.h"

namespace flm::cpu {
namespace {

template <class T>
void forward(Context& context, const RmsNormFwd& a) {
  const float *gain = a.gain.as<float>(), *mask = mask_or_ones(a.mask, a.C, context.workspace);
  parallel_for(context, a.N, rows_per_task(a.C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const T* x = a.x.as<T>() + n * a.C;
      T* y = a.y.as<T>() + n * a.C;
      const float sum = lane_sum(a.C, [=](int64_t c) {
        const float value = load_float(x[c]);
        return mask[c] * value * value;
      });
      const float rstd = 1 / std::sqrt(sum / float(a.mask_sum) + float(a.eps));
      a.rstd.as<float>()[n] = rstd;
#pragma GCC ivdep
      for (int64_t c = 0; c < a.C; ++c) y[c] = round_to<T>(mask[c] * gain[c] * (load_float(x[c]) * rstd));
    }
  });
}

// One row; dgain is this chunk's own sum.
template <class T>
inline void backward_row(const RmsNormBwd& a, int64_t n, const float* mask, float* dgain) {
  const float *gain = a.gain.as<float>(), rstd = a.rstd.as<float>()[n];
  const T *x = a.x.as<T>() + n * a.C, *dy = a.dy.as<T>() + n * a.C;
  T* dx = a.dx.as<T>() + n * a.C;
  const float dot = lane_sum(
      a.C, [=](int64_t c) { return mask[c] * gain[c] * load_float(dy[c]) * (load_float(x[c]) * rstd); });
  const float mean_dot = dot / float(a.mask_sum);
  const auto finish = [=](auto&& residual) {
#pragma GCC ivdep
    for (int64_t c = 0; c < a.C; ++c) {
      const float xhat = load_float(x[c]) * rstd, weighted = mask[c] * load_float(dy[c]);
      dgain[c] += weighted * xhat;
      dx[c] = round_to<T>(rstd * (weighted * gain[c] - mask[c] * xhat * mean_dot) + residual(c));
    }
  };
  if (a.residual_grad) {
    const T* residual = a.residual_grad.as<T>() + n * a.C;
    finish([=](int64_t c) { return load_float(residual[c]); });
  } else {
    finish([](int64_t) { return 0.0f; });
  }
}

template <class T>
void backward(Context& context, const RmsNormBwd& a) {
  const RowChunks chunks(a.N);
  float* partial = static_cast<float*>(context.workspace);
  const float* mask = mask_or_ones(a.mask, a.C, partial + chunks.count * a.C);
  parallel_for(context, a.N, chunks.rows, [=](int64_t begin, int64_t end) {
    float* dgain = partial + begin / chunks.rows * a.C;
    std::fill_n(dgain, a.C, 0.0f);
    for (int64_t n = begin; n < end; ++n) backward_row<T>(a, n, mask, dgain);
  });
  add_partial_sums(context, a.dgain.as<float>(), partial, chunks.count, a.C);
}

}  // namespace

size_t workspace_bytes(const Context&, const RmsNormFwd& a) { return mask_bytes(a.mask, a.C); }

size_t workspace_bytes(const Context&, const RmsNormBwd& a) {
  return size_t(RowChunks(a.N).count * a.C) * sizeof(float) + mask_bytes(a.mask, a.C);
}

void rms_norm_fwd(Context& context, const RmsNormFwd& a) {
  dispatch_float("rms_norm_fwd", a.x.dtype, [&](auto type) { forward<decltype(type)>(context, a); });
}

void rms_norm_bwd(Context& context, const RmsNormBwd& a) {
  dispatch_float("rms_norm_bwd", a.x.dtype, [&](auto type) { backward<decltype(type)>(context, a); });
}

}  // namespace flm::cpu
