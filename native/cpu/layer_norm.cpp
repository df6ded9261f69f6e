#include <cmath>

#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/mask.h"
#include "cpu/reduce.h"
#include "cpu/vec_math.h"

namespace flm::cpu {
namespace {

template <class T>
void forward(Context& context, const LayerNormFwd& a) {
  const float *gain = a.gain.as<float>(), *bias = a.bias.as<float>();
  const float* mask = mask_or_ones(a.mask, a.C, context.workspace);
  parallel_for(context, a.N, rows_per_task(a.C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const T* x = a.x.as<T>() + n * a.C;
      T* y = a.y.as<T>() + n * a.C;
      const float sum = lane_sum(a.C, [=](int64_t c) { return mask[c] * load_float(x[c]); });
      const float mean = sum / float(a.mask_sum);
      const float square = lane_sum(a.C, [=](int64_t c) {
        const float centred = load_float(x[c]) - mean;
        return mask[c] * centred * centred;
      });
      const float rstd = 1 / std::sqrt(square / float(a.mask_sum) + float(a.eps));
      a.mean.as<float>()[n] = mean;
      a.rstd.as<float>()[n] = rstd;
#pragma GCC ivdep
      for (int64_t c = 0; c < a.C; ++c)
        y[c] = round_to<T>(mask[c] * ((load_float(x[c]) - mean) * rstd * gain[c] + bias[c]));
    }
  });
}

// One row; dgain and dbias are this chunk's own sums.
template <class T>
inline void backward_row(const LayerNormBwd& a, int64_t n, const float* mask, float* dgain, float* dbias) {
  const float *gain = a.gain.as<float>(), mean = a.mean.as<float>()[n], rstd = a.rstd.as<float>()[n];
  const T *x = a.x.as<T>() + n * a.C, *dy = a.dy.as<T>() + n * a.C;
  T* dx = a.dx.as<T>() + n * a.C;
  const float sum = lane_sum(a.C, [=](int64_t c) { return mask[c] * gain[c] * load_float(dy[c]); });
  const float dot = lane_sum(a.C, [=](int64_t c) {
    return mask[c] * gain[c] * load_float(dy[c]) * ((load_float(x[c]) - mean) * rstd);
  });
  const float mean_sum = sum / float(a.mask_sum), mean_dot = dot / float(a.mask_sum);
  const auto finish = [=](auto&& residual) {
#pragma GCC ivdep
    for (int64_t c = 0; c < a.C; ++c) {
      const float xhat = (load_float(x[c]) - mean) * rstd, weighted = mask[c] * load_float(dy[c]);
      dgain[c] += weighted * xhat;
      dbias[c] += weighted;
      dx[c] = round_to<T>(rstd * (weighted * gain[c] - mask[c] * (mean_sum + xhat * mean_dot)) + residual(c));
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
void backward(Context& context, const LayerNormBwd& a) {
  const RowChunks chunks(a.N);
  float* gain_sums = static_cast<float*>(context.workspace);
  float* bias_sums = gain_sums + chunks.count * a.C;
  const float* mask = mask_or_ones(a.mask, a.C, bias_sums + chunks.count * a.C);
  parallel_for(context, a.N, chunks.rows, [=](int64_t begin, int64_t end) {
    float* dgain = gain_sums + begin / chunks.rows * a.C;
    float* dbias = bias_sums + begin / chunks.rows * a.C;
    std::fill_n(dgain, a.C, 0.0f);
    std::fill_n(dbias, a.C, 0.0f);
    for (int64_t n = begin; n < end; ++n) backward_row<T>(a, n, mask, dgain, dbias);
  });
  add_partial_sums(context, a.dgain.as<float>(), gain_sums, chunks.count, a.C);
  add_partial_sums(context, a.dbias.as<float>(), bias_sums, chunks.count, a.C);
}

}  // namespace

size_t workspace_bytes(const Context&, const LayerNormFwd& a) { return mask_bytes(a.mask, a.C); }

size_t workspace_bytes(const Context&, const LayerNormBwd& a) {
  return size_t(2 * RowChunks(a.N).count * a.C) * sizeof(float) + mask_bytes(a.mask, a.C);
}

void layer_norm_fwd(Context& context, const LayerNormFwd& a) {
  dispatch_float("layer_norm_fwd", a.x.dtype, [&](auto type) { forward<decltype(type)>(context, a); });
}

void layer_norm_bwd(Context& context, const LayerNormBwd& a) {
  dispatch_float("layer_norm_bwd", a.x.dtype, [&](auto type) { backward<decltype(type)>(context, a); });
}

}  // namespace flm::cpu
