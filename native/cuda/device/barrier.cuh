#pragma once
// A barrier of part of a block: `threads` of them (a multiple of 32) meet at number `id` (1 to 15).
#include <cuda_runtime.h>

namespace flm::cuda {
__device__ __forceinline__ void named_barrier(int id, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
}  // namespace flm::cuda
