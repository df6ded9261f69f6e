// Products with AVX-512; bf16 operands are widened to f32 while they are packed.
#include <cstdint>
#include <cstring>

#include "cpu/gemm_kernels.h"

#ifdef FLM_CPU_X86
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,prefer-vector-width=512")

#include "cpu/gemm_table.h"

namespace flm::cpu {

constexpr GemmKernels kGemmAvx512F32 = make_kernels<float, F32Unit, F32Product<16>, 8>();
constexpr GemmKernels kGemmAvx512Bf16 = make_kernels<bf16, F32Unit, F32Product<16>, 8>();

}  // namespace flm::cpu

#pragma GCC pop_options
#endif
