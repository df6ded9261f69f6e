#include "cuda/block_sum.cuh"
#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"
#include "cuda/partial_sums.h"

namespace flm::cuda {
namespace {

// One block a row; the second pass finds the row in the cache.
template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) rms_norm_fwd_kernel(RmsNormFwd a) {
  FLM_SHARED(float, scratch, [1][kWarp]);
  const int64_t n = blockIdx.x, first = int64_t(threadIdx.x) * kWidth, stride = int64_t(blockDim.x) * kWidth;
  const T* x = a.x.as<T>() + n * a.C;
  const float* mask = a.mask.as<float>();
  float v[kWidth], w[kWidth], gain[kWidth], sum[1] = {};
  for (int64_t c = first; c < a.C; c += stride) {
    load(v, x + c);
    load_or(w, mask, c, 1.0f);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) sum[0] += w[i] * v[i] * v[i];
  }
  block_sum(sum, scratch);
  const float rstd = 1.0f / sqrtf(sum[0] / float(a.mask_sum) + float(a.eps));
  for (int64_t c = first; c < a.C; c += stride) {
    load(v, x + c);
    load_or(w, mask, c, 1.0f);
    load(gain, a.gain.as<float>() + c);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) v[i] = w[i] * gain[i] * v[i] * rstd;
    store(a.y.as<T>() + n * a.C + c, v);
  }
  if (threadIdx.x == 0) a.rstd.as<float>()[n] = rstd;
}

// With g = mask gain dy and h = x rstd: dx = rstd (g - mask h sum(g h) / mask_sum), and mask dy h summed over
// a block's rows into its line of `partials`. Each thread adds to its own columns of the sums alone.
template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) rms_norm_bwd_kernel(RmsNormBwd a, float* partials) {
  FLM_SHARED(float, scratch, [1][kWarp]);
  DynamicShared shared;
  float* dgain = shared.take<float>(int(a.C));
  const int64_t first = int64_t(threadIdx.x) * kWidth, stride = int64_t(blockDim.x) * kWidth;
  const float *mask = a.mask.as<float>(), *gain = a.gain.as<float>();
  const float inverse_size = 1.0f / float(a.mask_sum);
  float x[kWidth], dy[kWidth], w[kWidth], g[kWidth], residual[kWidth], total[kWidth] = {};
  for (int64_t c = first; c < a.C; c += stride) store(dgain + c, total);

  for (int64_t n = blockIdx.x; n < a.N; n += gridDim.x) {
    const T *x_row = a.x.as<T>() + n * a.C, *dy_row = a.dy.as<T>() + n * a.C;
    const float rstd = a.rstd.as<float>()[n];
    float dot[1] = {};
    for (int64_t c = first; c < a.C; c += stride) {
      load(x, x_row + c);
      load(dy, dy_row + c);
      load(g, gain + c);
      load_or(w, mask, c, 1.0f);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) dot[0] += w[i] * g[i] * dy[i] * (x[i] * rstd);
    }
    block_sum(dot, scratch);
    const float mean = dot[0] * inverse_size;
    for (int64_t c = first; c < a.C; c += stride) {
      load(x, x_row + c);
      load(dy, dy_row + c);
      load(g, gain + c);
      load_or(w, mask, c, 1.0f);
      load_or(residual, a.residual_grad.as<T>(), n * a.C + c, 0.0f);
      load(total, dgain + c);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) {
        const float h = x[i] * rstd, weighted = w[i] * dy[i];
        total[i] += weighted * h;
        x[i] = rstd * (weighted * g[i] - w[i] * h * mean) + residual[i];
      }
      store(dgain + c, total);
      store(a.dx.as<T>() + n * a.C + c, x);
    }
  }
  for (int64_t c = first; c < a.C; c += stride) {
    load(total, dgain + c);
    store(partials + blockIdx.x * a.C + c, total);
  }
}

}  // namespace

void rms_norm_fwd(Context& context, const RmsNormFwd& a) {
  if (a.N == 0) return;
  check_stat("rms_norm_fwd", {a.rstd, a.gain, a.mask});
  check_type("rms_norm_fwd", a.x.dtype, {a.y});
  with_type_and_width("rms_norm_fwd", a.x.dtype, {a.C}, {a.y, a.x, a.gain, a.mask},
                      [&]<class T, int kWidth>() {
                        FLM_LAUNCH((rms_norm_fwd_kernel<T, kWidth>), dim3(unsigned(a.N)),
                                   row_block(a.C / kWidth), 0, stream_of(context), a);
                      });
}

size_t workspace_bytes(const Context&, const RmsNormBwd& a) {
  return size_t(row_parts(a.N) * a.C) * sizeof(float);
}

void rms_norm_bwd(Context& context, const RmsNormBwd& a) {
  if (a.N == 0) return;
  check_stat("rms_norm_bwd", {a.dgain, a.gain, a.rstd, a.mask});
  check_type("rms_norm_bwd", a.x.dtype, {a.dx, a.dy, a.residual_grad});
  check_row_sums("rms_norm_bwd", a.C, 1);
  auto* partials = static_cast<float*>(context.workspace);
  const int64_t parts = row_parts(a.N);
  with_type_and_width("rms_norm_bwd", a.x.dtype, {a.C}, {a.dx, a.dy, a.x, a.residual_grad, a.gain, a.mask},
                      [&]<class T, int kWidth>() {
                        FLM_LAUNCH((rms_norm_bwd_kernel<T, kWidth>), dim3(unsigned(parts)),
                                   row_block(a.C / kWidth), shared_bytes(size_t(a.C) * sizeof(float)),
                                   stream_of(context), a, partials);
                      });
  add_partial_sums(stream_of(context), a.dgain.as<float>(), partials, parts, a.C);
}

}  // namespace flm::cuda
