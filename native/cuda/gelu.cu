#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"

namespace flm::cuda {
namespace {

constexpr float kSqrt2OverPi = 0.7978845608028654f, kCubic = 0.044715f;

template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) gelu_fwd_kernel(GeluFwd a) {
  const int64_t c = (int64_t(blockIdx.x) * blockDim.x + threadIdx.x) * kWidth;
  if (c >= a.F) return;
  float mask[kWidth], x[kWidth];
  load_or(mask, a.mask.as<float>(), c, 1.0f);
  for (int64_t n = int64_t(blockIdx.y) * blockDim.y + threadIdx.y; n < a.N;
       n += int64_t(gridDim.y) * blockDim.y) {
    load(x, a.x.as<T>() + n * a.F + c);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) {
      const float u = mask[i] * x[i];
      x[i] = 0.5f * u * (1.0f + tanhf(kSqrt2OverPi * (u + kCubic * u * u * u)));
    }
    store(a.y.as<T>() + n * a.F + c, x);
  }
}

// Each thread reads its elements before it writes them, so that dx may be the memory of dy.
template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) gelu_bwd_kernel(GeluBwd a) {
  const int64_t c = (int64_t(blockIdx.x) * blockDim.x + threadIdx.x) * kWidth;
  if (c >= a.F) return;
  float mask[kWidth], x[kWidth], dy[kWidth], y[kWidth];
  load_or(mask, a.mask.as<float>(), c, 1.0f);
  for (int64_t n = int64_t(blockIdx.y) * blockDim.y + threadIdx.y; n < a.N;
       n += int64_t(gridDim.y) * blockDim.y) {
    load(x, a.x.as<T>() + n * a.F + c);
    load(dy, a.dy.as<T>() + n * a.F + c);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) {
      const float u = mask[i] * x[i], t = tanhf(kSqrt2OverPi * (u + kCubic * u * u * u));
      y[i] = 0.5f * u * (1.0f + t);
      const float slope = kSqrt2OverPi * (1.0f + 3.0f * kCubic * u * u);
      dy[i] *= mask[i] * (0.5f * (1.0f + t) + 0.5f * u * (1.0f - t * t) * slope);
    }
    store(a.dx.as<T>() + n * a.F + c, dy);
    store(a.y.as<T>() + n * a.F + c, y);
  }
}

}  // namespace

void gelu_fwd(Context& context, const GeluFwd& a) {
  if (a.N == 0) return;
  check_stat("gelu_fwd", {a.mask});
  check_type("gelu_fwd", a.y.dtype, {a.x});
  with_type_and_width("gelu_fwd", a.y.dtype, {a.F}, {a.y, a.x, a.mask}, [&]<class T, int kWidth>() {
    const RowGrid shape = row_grid(a.N, a.F / kWidth);
    FLM_LAUNCH((gelu_fwd_kernel<T, kWidth>), shape.grid, shape.block, 0, stream_of(context), a);
  });
}

void gelu_bwd(Context& context, const GeluBwd& a) {
  if (a.N == 0) return;
  check_stat("gelu_bwd", {a.mask});
  check_type("gelu_bwd", a.dx.dtype, {a.y, a.dy, a.x});
  with_type_and_width(
      "gelu_bwd", a.dx.dtype, {a.F}, {a.dx, a.y, a.dy, a.x, a.mask}, [&]<class T, int kWidth>() {
        const RowGrid shape = row_grid(a.N, a.F / kWidth);
        FLM_LAUNCH((gelu_bwd_kernel<T, kWidth>), shape.grid, shape.block, 0, stream_of(context), a);
      });
}

}  // namespace flm::cuda
