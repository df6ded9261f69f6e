#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/device/shared.cuh"
#include "cuda/device/warp.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"
#include "cuda/partial_sums.h"

namespace flm::cuda {
namespace {

constexpr int kGroups = 8;  // warps of a block, which share its rows

// A block owns 32 * kWidth columns and every gridDim.y-th run of kGroups rows, whose sum is its part of
// `partials`.
template <class T, int kWidth>
__global__ void __launch_bounds__(kGroups* kWarp) bias_bwd_kernel(BiasBwd a, float* partials) {
  FLM_SHARED(float, sums, [kGroups][kWarp][kWidth]);
  const int64_t c = (int64_t(blockIdx.x) * kWarp + threadIdx.x) * kWidth;
  const bool inside = c < a.C;  // no early return: everyone meets the barrier
  float sum[kWidth] = {}, dy[kWidth];
  if (inside)
    for (int64_t n = int64_t(blockIdx.y) * kGroups + threadIdx.y; n < a.N;
         n += int64_t(gridDim.y) * kGroups) {
      load(dy, a.dy.as<T>() + n * a.ldy + c);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) sum[i] += dy[i];
    }
#pragma unroll
  for (int i = 0; i < kWidth; ++i) sums[threadIdx.y][threadIdx.x][i] = sum[i];
  __syncthreads();  // all groups' sums are there
  if (threadIdx.y != 0 || !inside) return;
#pragma unroll
  for (int i = 0; i < kWidth; ++i)
    for (int g = 1; g < kGroups; ++g) sum[i] += sums[g][threadIdx.x][i];
  store(partials + blockIdx.y * a.C + c, sum);
}

// At least 64 rows a part.
int64_t bias_parts(int64_t N) { return std::clamp<int64_t>(ceil_div(N, 64), 1, 128); }

}  // namespace

size_t workspace_bytes(const Context&, const BiasBwd& a) {
  return size_t(bias_parts(a.N) * a.C) * sizeof(float);
}

void bias_bwd(Context& context, const BiasBwd& a) {
  if (a.N == 0) return;
  check_stat("bias_bwd", {a.dbias});
  auto* partials = static_cast<float*>(context.workspace);
  const int64_t parts = bias_parts(a.N);
  with_type_and_width("bias_bwd", a.dy.dtype, {a.C, a.ldy}, {a.dy}, [&]<class T, int kWidth>() {
    const dim3 grid(unsigned(ceil_div(a.C, kWarp * kWidth)), unsigned(parts));
    FLM_LAUNCH((bias_bwd_kernel<T, kWidth>), grid, dim3(kWarp, kGroups), 0, stream_of(context), a, partials);
  });
  add_partial_sums(stream_of(context), a.dbias.as<float>(), partials, parts, a.C);
}

}  // namespace flm::cuda
