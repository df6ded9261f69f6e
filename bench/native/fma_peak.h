#pragma once
#include "cpu/isa.h"

namespace flm::bench {

// GFLOP/s that one core reaches with multiply-additions on registers alone, best of several runs: what a
// product can reach at most. `native_bf16`: with the two-fold bf16 instruction of Isa::avx512_bf16.
// 0 for the portable kernels, whose limit depends on the compiler's choice of instructions.
double fma_peak(cpu::Isa isa, bool native_bf16);

}  // namespace flm::bench
