#pragma once
#include <cuda_runtime.h>

#include "core/ops/matmul.h"

namespace flm::cuda {

// A product by a plain tiled kernel, for shapes that cuBLASLt has no algorithm for. Slow, and right for every
// size, stride and alignment. Sums are f32 in order of k; the bias is added in f32.
void matmul_plain(const Matmul& args, cudaStream_t stream);

}  // namespace flm::cuda
