#pragma once
// Twin of native/cuda/device/math.cuh.
#include <cuda_bf16.h>
#include <cuda_runtime.h>

namespace flm::cuda {
inline float fast_exp2(float x) { return std::exp2(x); }
inline uint32_t pack_bf16(float low, float high) {
  return __nv_bfloat16(low).bits | uint32_t(__nv_bfloat16(high).bits) << 16;
}
}  // namespace flm::cuda
