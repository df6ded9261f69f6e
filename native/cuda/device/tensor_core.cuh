#pragma once
// Tensor-core instructions. Fragments are the PTX ISA's; with g = lane / 4 and t = lane % 4 a lane holds
//   a[0] A[g][2t..]  a[1] A[g+8][2t..]  a[2] A[g][2t+8..]  a[3] A[g+8][2t+8..]     two bf16 each
//   b[0] B[2t..][g]  b[1] B[2t+8..][g]                                             two bf16 each
//   c[0..1] C[g][2t..]  c[2..3] C[g+8][2t..]                                       f32
#include <cuda_runtime.h>

#include <cstdint>

namespace flm::cuda {

// c(16x8) += a(16x16) * b(16x8), by a whole warp.
__device__ __forceinline__ void mma_m16n8k16(float (&c)[4], const uint32_t (&a)[4], uint32_t b0,
                                             uint32_t b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Four 8x8 matrices of bf16 from shared memory. Lane i gives the address of row i % 8 of matrix i / 8;
// of matrix m a lane receives r[m] = M[g][2t..], or with `transposed` M[2t..][g].
template <bool transposed>
__device__ __forceinline__ void ldmatrix_x4(uint32_t (&r)[4], const void* row) {
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  if constexpr (transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}

}  // namespace flm::cuda
