#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/device/shared.cuh"
#include "cuda/device/warp.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"

namespace flm::cuda {
namespace {

constexpr int kGroups = 8;  // warps of a block in the gradient; each sums every eighth row of one id

template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) embedding_fwd_kernel(EmbeddingFwd a) {
  const int64_t c = (int64_t(blockIdx.x) * blockDim.x + threadIdx.x) * kWidth;
  if (c >= a.C) return;
  const float scale = float(a.scale);
  float x[kWidth], position[kWidth];
  for (int64_t n = int64_t(blockIdx.y) * blockDim.y + threadIdx.y; n < a.N;
       n += int64_t(gridDim.y) * blockDim.y) {
    const int64_t token = a.tokens.as<int32_t>()[n] - a.vocab_start;
    const bool held = token >= 0 && token < a.V;
    load_or(x, held ? a.weight.as<T>() : nullptr, token * a.C + c, 0.0f);
    const int64_t row = a.position_weight ? a.positions.as<int32_t>()[n] : 0;
    load_or(position, a.position_weight.as<T>(), row * a.C + c, 0.0f);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) x[i] = scale * x[i] + position[i];
    store(a.x.as<T>() + n * a.C + c, x);
  }
}

// A block owns one id and 32 * kWidth columns. Frequent ids have thousands of rows: its warps share them and
// add up in a fixed order.
template <class T, int kWidth>
__global__ void __launch_bounds__(kGroups* kWarp) embedding_bwd_kernel(EmbeddingBwd a) {
  FLM_SHARED(float, sums, [kGroups][kWarp][kWidth]);
  const int64_t u = blockIdx.x, c = (int64_t(blockIdx.y) * kWarp + threadIdx.x) * kWidth;
  const bool inside = c < a.C;  // no early return: everyone meets the barrier
  const int32_t *starts = a.starts.as<int32_t>(), *order = a.order.as<int32_t>();
  float sum[kWidth] = {}, dx[kWidth];
  if (inside)
    for (int64_t j = starts[u] + int(threadIdx.y); j < starts[u + 1]; j += kGroups) {
      load(dx, a.dx.as<T>() + order[j] * a.C + c);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) sum[i] += dx[i];
    }
#pragma unroll
  for (int i = 0; i < kWidth; ++i) sums[threadIdx.y][threadIdx.x][i] = sum[i];
  __syncthreads();  // all groups' sums are there
  if (threadIdx.y != 0 || !inside) return;
  float* to = a.dweight.as<float>() + a.ids.as<int32_t>()[u] * a.C + c;
  load(dx, to);
#pragma unroll
  for (int i = 0; i < kWidth; ++i) {
    for (int g = 1; g < kGroups; ++g) sum[i] += sums[g][threadIdx.x][i];
    dx[i] += float(a.scale) * sum[i];
  }
  store(to, dx);
}

}  // namespace

void embedding_fwd(Context& context, const EmbeddingFwd& a) {
  if (a.N == 0) return;
  check_type("embedding_fwd", a.x.dtype, {a.weight, a.position_weight});
  with_type_and_width(
      "embedding_fwd", a.x.dtype, {a.C}, {a.x, a.weight, a.position_weight}, [&]<class T, int kWidth>() {
        const RowGrid shape = row_grid(a.N, a.C / kWidth);
        FLM_LAUNCH((embedding_fwd_kernel<T, kWidth>), shape.grid, shape.block, 0, stream_of(context), a);
      });
}

void embedding_bwd(Context& context, const EmbeddingBwd& a) {
  if (a.U == 0) return;
  check_stat("embedding_bwd", {a.dweight});
  with_type_and_width("embedding_bwd", a.dx.dtype, {a.C}, {a.dx, a.dweight}, [&]<class T, int kWidth>() {
    const dim3 grid(unsigned(a.U), unsigned(ceil_div(a.C, kWarp * kWidth)));
    FLM_LAUNCH((embedding_bwd_kernel<T, kWidth>), grid, dim3(kWarp, kGroups), 0, stream_of(context), a);
  });
}

}  // namespace flm::cuda
