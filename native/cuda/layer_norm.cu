#include "cuda/block_sum.cuh"
#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"
#include "cuda/partial_sums.h"

namespace flm::cuda {
namespace {

// One block a row; later passes find the row in the cache. The variance is taken about the mean, since the
// difference of large sums would lose its digits.
template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) layer_norm_fwd_kernel(LayerNormFwd a) {
  FLM_SHARED(float, scratch, [1][kWarp]);
  const int64_t n = blockIdx.x, first = int64_t(threadIdx.x) * kWidth, stride = int64_t(blockDim.x) * kWidth;
  const T* x = a.x.as<T>() + n * a.C;
  const float* mask = a.mask.as<float>();
  const float inverse_size = 1.0f / float(a.mask_sum);
  float v[kWidth], w[kWidth], gain[kWidth], bias[kWidth], sum[1] = {}, square[1] = {};
  for (int64_t c = first; c < a.C; c += stride) {
    load(v, x + c);
    load_or(w, mask, c, 1.0f);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) sum[0] += w[i] * v[i];
  }
  block_sum(sum, scratch);
  const float mean = sum[0] * inverse_size;
  for (int64_t c = first; c < a.C; c += stride) {
    load(v, x + c);
    load_or(w, mask, c, 1.0f);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) square[0] += w[i] * (v[i] - mean) * (v[i] - mean);
  }
  block_sum(square, scratch);
  const float rstd = 1.0f / sqrtf(square[0] * inverse_size + float(a.eps));
  for (int64_t c = first; c < a.C; c += stride) {
    load(v, x + c);
    load_or(w, mask, c, 1.0f);
    load(gain, a.gain.as<float>() + c);
    load(bias, a.bias.as<float>() + c);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) v[i] = w[i] * ((v[i] - mean) * rstd * gain[i] + bias[i]);
    store(a.y.as<T>() + n * a.C + c, v);
  }
  if (threadIdx.x == 0) {
    a.mean.as<float>()[n] = mean;
    a.rstd.as<float>()[n] = rstd;
  }
}

// With g = mask gain dy and h = (x - mean) rstd: dx = rstd (g - mask / mask_sum (sum(g) + h sum(g h))).
// mask dy h and mask dy, summed over a block's rows, become its two lines of `partials`. Each thread adds to
// its own columns of the sums alone.
template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) layer_norm_bwd_kernel(LayerNormBwd a, float* partials) {
  FLM_SHARED(float, scratch, [2][kWarp]);
  DynamicShared shared;
  float* dgain = shared.take<float>(int(a.C));
  float* dbias = shared.take<float>(int(a.C));
  const int64_t first = int64_t(threadIdx.x) * kWidth, stride = int64_t(blockDim.x) * kWidth;
  const float *mask = a.mask.as<float>(), *gain = a.gain.as<float>();
  const float inverse_size = 1.0f / float(a.mask_sum);
  float x[kWidth], dy[kWidth], w[kWidth], g[kWidth], residual[kWidth];
  float gain_total[kWidth] = {}, bias_total[kWidth] = {};
  for (int64_t c = first; c < a.C; c += stride) {
    store(dgain + c, gain_total);
    store(dbias + c, bias_total);
  }

  for (int64_t n = blockIdx.x; n < a.N; n += gridDim.x) {
    const T *x_row = a.x.as<T>() + n * a.C, *dy_row = a.dy.as<T>() + n * a.C;
    const float mean = a.mean.as<float>()[n], rstd = a.rstd.as<float>()[n];
    float sums[2] = {};  // of g, of g h
    for (int64_t c = first; c < a.C; c += stride) {
      load(x, x_row + c);
      load(dy, dy_row + c);
      load(g, gain + c);
      load_or(w, mask, c, 1.0f);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) {
        const float weighted = w[i] * g[i] * dy[i];
        sums[0] += weighted;
        sums[1] += weighted * ((x[i] - mean) * rstd);
      }
    }
    block_sum(sums, scratch);
    const float mean_g = sums[0] * inverse_size, mean_gh = sums[1] * inverse_size;
    for (int64_t c = first; c < a.C; c += stride) {
      load(x, x_row + c);
      load(dy, dy_row + c);
      load(g, gain + c);
      load_or(w, mask, c, 1.0f);
      load_or(residual, a.residual_grad.as<T>(), n * a.C + c, 0.0f);
      load(gain_total, dgain + c);
      load(bias_total, dbias + c);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) {
        const float h = (x[i] - mean) * rstd, weighted = w[i] * dy[i];
        gain_total[i] += weighted * h;
        bias_total[i] += weighted;
        x[i] = rstd * (weighted * g[i] - w[i] * (mean_g + h * mean_gh)) + residual[i];
      }
      store(dgain + c, gain_total);
      store(dbias + c, bias_total);
      store(a.dx.as<T>() + n * a.C + c, x);
    }
  }
  for (int64_t c = first; c < a.C; c += stride) {
    load(gain_total, dgain + c);
    load(bias_total, dbias + c);
    store(partials + blockIdx.x * a.C + c, gain_total);
    store(partials + (gridDim.x + blockIdx.x) * a.C + c, bias_total);
  }
}

}  // namespace

void layer_norm_fwd(Context& context, const LayerNormFwd& a) {
  if (a.N == 0) return;
  check_stat("layer_norm_fwd", {a.mean, a.rstd, a.gain, a.bias, a.mask});
  check_type("layer_norm_fwd", a.x.dtype, {a.y});
  with_type_and_width("layer_norm_fwd", a.x.dtype, {a.C}, {a.y, a.x, a.gain, a.bias, a.mask},
                      [&]<class T, int kWidth>() {
                        FLM_LAUNCH((layer_norm_fwd_kernel<T, kWidth>), dim3(unsigned(a.N)),
                                   row_block(a.C / kWidth), 0, stream_of(context), a);
                      });
}

size_t workspace_bytes(const Context&, const LayerNormBwd& a) {
  return size_t(2 * row_parts(a.N) * a.C) * sizeof(float);
}

void layer_norm_bwd(Context& context, const LayerNormBwd& a) {
  if (a.N == 0) return;
  check_stat("layer_norm_bwd", {a.dgain, a.dbias, a.gain, a.mean, a.rstd, a.mask});
  check_type("layer_norm_bwd", a.x.dtype, {a.dx, a.dy, a.residual_grad});
  check_row_sums("layer_norm_bwd", a.C, 2);
  auto* partials = static_cast<float*>(context.workspace);
  const int64_t parts = row_parts(a.N);
  with_type_and_width("layer_norm_bwd", a.x.dtype, {a.C}, {a.dx, a.dy, a.x, a.residual_grad, a.gain, a.mask},
                      [&]<class T, int kWidth>() {
                        FLM_LAUNCH((layer_norm_bwd_kernel<T, kWidth>), dim3(unsigned(parts)),
                                   row_block(a.C / kWidth), 2 * shared_bytes(size_t(a.C) * sizeof(float)),
                                   stream_of(context), a, partials);
                      });
  add_partial_sums(stream_of(context), a.dgain.as<float>(), partials, parts, a.C);
  add_partial_sums(stream_of(context), a.dbias.as<float>(), partials + parts * a.C, parts, a.C);
}

}  // namespace flm::cuda
