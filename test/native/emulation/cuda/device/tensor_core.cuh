#pragma once
// Twin of native/cuda/device/tensor_core.cuh: the same words with a scalar meaning.
#include <cuda_bf16.h>
#include <cuda_runtime.h>

namespace flm::emu {
void mma_m16n8k16(float* c, const uint32_t* a, uint32_t b0, uint32_t b1, Where at);
void ldmatrix_x4(uint32_t* r, const void* row, bool transposed, Where at);
}  // namespace flm::emu

namespace flm::cuda {

inline void mma_m16n8k16(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1,
                         emu::Where at = emu::Where::current()) {
  emu::mma_m16n8k16(c, a, b0, b1, at);
}
template <bool transposed>
void ldmatrix_x4(uint32_t (&r)[4], const void* row, emu::Where at = emu::Where::current()) {
  emu::ldmatrix_x4(r, row, transposed, at);
}

}  // namespace flm::cuda
