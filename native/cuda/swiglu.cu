#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"

namespace flm::cuda {
namespace {

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) swiglu_fwd_kernel(SwigluFwd a) {
  const int64_t c = (int64_t(blockIdx.x) * blockDim.x + threadIdx.x) * kWidth;
  if (c >= a.F) return;
  float mask[kWidth], gate[kWidth], up[kWidth];
  load_or(mask, a.mask.as<float>(), c, 1.0f);
  for (int64_t n = int64_t(blockIdx.y) * blockDim.y + threadIdx.y; n < a.N;
       n += int64_t(gridDim.y) * blockDim.y) {
    const T* row = a.gate_up.as<T>() + n * 2 * a.F + c;
    load(gate, row);
    load(up, row + a.F);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) gate[i] = mask[i] * (gate[i] * sigmoid(gate[i]) * up[i]);
    store(a.y.as<T>() + n * a.F + c, gate);
  }
}

// silu'(x) = s (1 + x (1 - s)) with s = sigmoid(x). Each thread reads its elements before it writes them, so
// that the gradient may take the memory of its input.
template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) swiglu_bwd_kernel(SwigluBwd a) {
  const int64_t c = (int64_t(blockIdx.x) * blockDim.x + threadIdx.x) * kWidth;
  if (c >= a.F) return;
  float mask[kWidth], gate[kWidth], up[kWidth], dy[kWidth], y[kWidth];
  load_or(mask, a.mask.as<float>(), c, 1.0f);
  for (int64_t n = int64_t(blockIdx.y) * blockDim.y + threadIdx.y; n < a.N;
       n += int64_t(gridDim.y) * blockDim.y) {
    const int64_t at = n * 2 * a.F + c;
    load(gate, a.gate_up.as<T>() + at);
    load(up, a.gate_up.as<T>() + at + a.F);
    load(dy, a.dy.as<T>() + n * a.F + c);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) {
      const float s = sigmoid(gate[i]), d = mask[i] * dy[i];
      y[i] = mask[i] * (gate[i] * s * up[i]);
      dy[i] = d * gate[i] * s;
      gate[i] = d * up[i] * (s * (1.0f + gate[i] * (1.0f - s)));
    }
    store(a.dgate_up.as<T>() + at, gate);
    store(a.dgate_up.as<T>() + at + a.F, dy);
    store(a.y.as<T>() + n * a.F + c, y);
  }
}

}  // namespace

void swiglu_fwd(Context& context, const SwigluFwd& a) {
  if (a.N == 0) return;
  check_stat("swiglu_fwd", {a.mask});
  check_type("swiglu_fwd", a.y.dtype, {a.gate_up});
  with_type_and_width("swiglu_fwd", a.y.dtype, {a.F}, {a.y, a.gate_up, a.mask}, [&]<class T, int kWidth>() {
    const RowGrid shape = row_grid(a.N, a.F / kWidth);
    FLM_LAUNCH((swiglu_fwd_kernel<T, kWidth>), shape.grid, shape.block, 0, stream_of(context), a);
  });
}

void swiglu_bwd(Context& context, const SwigluBwd& a) {
  if (a.N == 0) return;
  check_stat("swiglu_bwd", {a.mask});
  check_type("swiglu_bwd", a.dgate_up.dtype, {a.y, a.dy, a.gate_up});
  with_type_and_width("swiglu_bwd", a.dgate_up.dtype, {a.F}, {a.dgate_up, a.y, a.dy, a.gate_up, a.mask},
                      [&]<class T, int kWidth>() {
                        const RowGrid shape = row_grid(a.N, a.F / kWidth);
                        FLM_LAUNCH((swiglu_bwd_kernel<T, kWidth>), shape.grid, shape.block, 0,
                                   stream_of(context), a);
                      });
}

}  // namespace flm::cuda
