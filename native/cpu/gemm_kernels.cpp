#include "cpu/gemm_kernels.h"

namespace flm::cpu {

const GemmKernels& gemm_kernels(Isa isa, DType dtype) {
  const bool narrow = dtype == DType::bf16;
#ifdef FLM_CPU_X86
  if (isa == Isa::avx512_bf16 && narrow) return kGemmAvx512NativeBf16;
  if (isa >= Isa::avx512) return narrow ? kGemmAvx512Bf16 : kGemmAvx512F32;
  if (isa == Isa::avx2) return narrow ? kGemmAvx2Bf16 : kGemmAvx2F32;
#else
  (void)isa;
#endif
  return narrow ? kGemmPortableBf16 : kGemmPortableF32;
}

}  // namespace flm::cpu
