// Products on any machine, with vectors of four floats.
#include "cpu/gemm_table.h"

namespace flm::cpu {

constexpr GemmKernels kGemmPortableF32 = make_kernels<float, F32Unit, F32Product<4>, 4>();
constexpr GemmKernels kGemmPortableBf16 = make_kernels<bf16, F32Unit, F32Product<4>, 4>();

}  // namespace flm::cpu
