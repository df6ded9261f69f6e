#include "cuda/partial_sums.h"

#include "cuda/device/launch.cuh"
#include "cuda/device/shared.cuh"
#include "cuda/device/warp.cuh"

namespace flm::cuda {
namespace {

constexpr int kGroups = 32;  // warps of a block; each sums every 32nd part

// A block owns 32 columns.
__global__ void __launch_bounds__(kGroups* kWarp)
    add_partial_sums_kernel(float* to, const float* partials, int64_t parts, int64_t C) {
  FLM_SHARED(float, sums, [kGroups][kWarp]);
  const int64_t c = int64_t(blockIdx.x) * kWarp + threadIdx.x;
  const bool inside = c < C;  // no early return: everyone meets the barrier
  float sum = 0.0f;
  if (inside)
    for (int64_t p = threadIdx.y; p < parts; p += kGroups) sum += partials[p * C + c];
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();  // all groups' sums are there
  if (threadIdx.y != 0 || !inside) return;
  sum = 0.0f;
  for (int g = 0; g < kGroups; ++g) sum += sums[g][threadIdx.x];
  to[c] += sum;
}

}  // namespace

void add_partial_sums(cudaStream_t stream, float* to, const float* partials, int64_t parts, int64_t C) {
  FLM_LAUNCH(add_partial_sums_kernel, dim3(unsigned(ceil_div(C, kWarp))), dim3(kWarp, kGroups), 0, stream, to,
             partials, parts, C);
}

}  // namespace flm::cuda
