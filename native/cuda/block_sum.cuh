#pragma once
#include "cuda/device/shared.cuh"
#include "cuda/device/warp.cuh"

namespace flm::cuda {

// Adds up `count` values over all threads of a one-dimensional block of whole warps; every thread receives
// the sums. The order is fixed by the block's size. `scratch` is shared: FLM_SHARED(T, scratch, [count][32]).
template <int count, class T>
__device__ __forceinline__ void block_sum(T (&v)[count], T (&scratch)[count][kWarp]) {
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  const int warps = int(blockDim.x) / kWarp;
#pragma unroll
  for (int i = 0; i < count; ++i)
#pragma unroll
    for (int step = kWarp / 2; step > 0; step /= 2) v[i] += __shfl_xor_sync(kFullMask, v[i], step);
  if (warps == 1) return;
  __syncthreads();  // nobody reads the scratch of an earlier sum any more
  if (lane == 0)
#pragma unroll
    for (int i = 0; i < count; ++i) scratch[i][warp] = v[i];
  __syncthreads();  // every warp's part is there
#pragma unroll
  for (int i = 0; i < count; ++i) {
    v[i] = scratch[i][0];
    for (int w = 1; w < warps; ++w) v[i] += scratch[i][w];
  }
}

}  // namespace flm::cuda
