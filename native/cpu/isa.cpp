#include "cpu/isa.h"

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/error.h"

#ifdef FLM_CPU_X86
#include <cpuid.h>
#endif

namespace flm::cpu {
namespace {

constexpr Isa kAll[] = {Isa::portable, Isa::avx2, Isa::avx512, Isa::avx512_bf16};

Isa best_isa() {
#ifdef FLM_CPU_X86
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (avx512 && __builtin_cpu_supports("avx512bf16")) return Isa::avx512_bf16;
  if (avx512) return Isa::avx512;
  if (avx2) return Isa::avx2;
#endif
  return Isa::portable;
}

}  // namespace

Isa choose_isa() {
  const Isa best = best_isa();
  const char* asked = std::getenv("FLM_CPU_ISA");
  if (!asked || !*asked) return best;
  for (const Isa isa : kAll) {
    if (std::string_view(asked) != isa_name(isa)) continue;
    FLM_CHECK(isa <= best, ErrorCode::invalid_argument, "FLM_CPU_ISA asks for ", asked,
              " and this machine offers at most ", isa_name(best), "; unset it or choose a lower one");
    return isa;
  }
  fail(ErrorCode::invalid_argument, "FLM_CPU_ISA is \"", asked,
       "\"; it takes portable, avx2, avx512 or avx512-bf16");
}

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::portable:
      return "portable";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::avx512_bf16:
      return "avx512-bf16";
  }
  return "?";
}

std::string processor_name() {
#ifdef FLM_CPU_X86
  unsigned int words[13] = {};
  for (unsigned int leaf = 0; leaf < 3; ++leaf) {
    unsigned int* part = words + 4 * leaf;
    if (!__get_cpuid(0x80000002u + leaf, part, part + 1, part + 2, part + 3)) return "x86-64";
  }
  char text[sizeof words];
  std::memcpy(text, words, sizeof words);
  const std::string name(text, strnlen(text, sizeof text));
  const size_t first = name.find_first_not_of(' ');
  return first == std::string::npos ? "x86-64" : name.substr(first, name.find_last_not_of(' ') - first + 1);
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "unknown processor";
#endif
}

}  // namespace flm::cpu
