#pragma once
// Elementwise kernels over one long array: full vectors first, then the elements that are left.
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"

namespace flm::cuda {

// Calls vector(at) for each `width` elements and scalar(at) for the rest of n, over the whole grid.
template <int width, class Vector, class Scalar>
__device__ __forceinline__ void for_each_flat(int64_t n, Vector&& vector, Scalar&& scalar) {
  const int64_t vectors = n / width, rest = n - vectors * width;
  const int64_t thread = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  for (int64_t i = thread; i < vectors; i += int64_t(gridDim.x) * blockDim.x) vector(i * width);
  if (thread < rest) scalar(vectors * width + thread);
}

}  // namespace flm::cuda
