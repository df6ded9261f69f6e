// Products with AVX2 and FMA.
#include <cstdint>
#include <cstring>

#include "cpu/gemm_kernels.h"

#ifdef FLM_CPU_X86
#pragma GCC push_options
#pragma GCC target("avx2,fma")

#include "cpu/gemm_table.h"

namespace flm::cpu {

constexpr GemmKernels kGemmAvx2F32 = make_kernels<float, F32Unit, F32Product<8>, 4>();
constexpr GemmKernels kGemmAvx2Bf16 = make_kernels<bf16, F32Unit, F32Product<8>, 4>();

}  // namespace flm::cpu

#pragma GCC pop_options
#endif
