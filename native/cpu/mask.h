#pragma once
#include <algorithm>

#include "core/tensor.h"

namespace flm::cpu {

// Bytes of workspace that mask_or_ones wants.
inline size_t mask_bytes(In mask, int64_t count) { return mask ? 0 : size_t(count) * sizeof(float); }

// The mask, or `count` ones written to `scratch` where it is null. One loop then serves both, and a mask of
// ones gives the bits of no mask: two loops could differ in where the compiler fuses a product and a sum.
inline const float* mask_or_ones(In mask, int64_t count, void* scratch) {
  if (mask) return mask.as<float>();
  float* ones = static_cast<float*>(scratch);
  std::fill_n(ones, count, 1.0f);
  return ones;
}

}  // namespace flm::cpu
