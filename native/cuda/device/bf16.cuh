#pragma once
// bf16 in kernels is CUDA's type; core's `flm::bf16` is the same 16 bits for host code. No machine code in
// here: this file has no twin.
#include <cuda_bf16.h>
#include <cuda_runtime.h>

namespace flm::cuda {

using bf16 = __nv_bfloat16;

}  // namespace flm::cuda
