#pragma once
// Functions that have a machine instruction and no portable spelling.
#include <cuda_runtime.h>

#include <cstdint>

namespace flm::cuda {

__device__ __forceinline__ float fast_exp2(float x) {  // 2 ulp; exp2(-inf) = 0
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ __forceinline__ uint32_t pack_bf16(float low, float high) {
  uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

}  // namespace flm::cuda
