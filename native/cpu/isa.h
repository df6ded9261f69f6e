#pragma once
// Which instruction set the kernels of this process use: decided once, at run time.
#include <string>

namespace flm::cpu {

// Ordered: a machine that has one has all below it.
enum class Isa { portable, avx2, avx512, avx512_bf16 };

// The best that this machine offers. The environment variable FLM_CPU_ISA (portable, avx2, avx512 or
// avx512-bf16) asks for a lower one; throws Error(invalid_argument) when it names none or one that the
// machine lacks.
Isa choose_isa();

// The spelling that FLM_CPU_ISA takes, e.g. "avx512-bf16".
const char* isa_name(Isa isa);

// The processor's own name, e.g. "AMD EPYC", or the architecture's where it gives none.
std::string processor_name();

}  // namespace flm::cpu

// Targets of function-level dispatch. The machine code of a function with such a target may only be reached
// after choose_isa() said so.
#if defined(__x86_64__)
#define FLM_CPU_X86 1
#define FLM_TARGET_AVX2 "avx2,fma"
#define FLM_TARGET_AVX512 "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,prefer-vector-width=512"
#endif
