// Products of bf16 with AVX512-BF16: two multiplications and an f32 addition a lane and instruction.
#include <cstdint>
#include <cstring>

#include "cpu/gemm_kernels.h"

#ifdef FLM_CPU_X86
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma,prefer-vector-width=512")

#include "cpu/bf16_product.h"
#include "cpu/gemm_table.h"

namespace flm::cpu {

constexpr GemmKernels kGemmAvx512NativeBf16 = make_kernels<bf16, NativeBf16Unit, Bf16Product, 8>();

}  // namespace flm::cpu

#pragma GCC pop_options
#endif
