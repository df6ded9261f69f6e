#pragma once
// What AVX512-BF16 has instructions for: the product policy (see gemm_tile.h) whose unit is two bf16, and the
// packing of f32 into such units. Both take denormals for zero.
#include <immintrin.h>

#include "cpu/gemm_pack.h"

namespace flm::cpu {
namespace {

struct Bf16Product {
  static constexpr int kLanesOf = 16;
  FLM_INLINE static Vec<float, 16> multiply_add(float a, Vec<float, 16> b, Vec<float, 16> sum) {
    const __m512bh pairs = (__m512bh)_mm512_set1_ps(a);
    return _mm512_dpbf16_ps(sum, pairs, (__m512bh)b);
  }
};

struct NativeBf16Unit : Bf16Unit {};

template <int n>
FLM_INLINE Vec<float, n> load_units(NativeBf16Unit, const float* from) {
  static_assert(n == 16);
  return (Vec<float, n>)_mm512_cvtne2ps_pbh(load<__m512>(from + n), load<__m512>(from));
}

template <int kWidth>
FLM_INLINE void copy_step(NativeBf16Unit, float* to, const float* from, int64_t ld, bool has_next) {
  static_assert(kWidth % 16 == 0);
  Vec<uint16_t, 32> in_pairs;
#pragma GCC unroll 32
  for (int i = 0; i < 32; ++i) in_pairs[i] = uint16_t(i / 2 + i % 2 * 16);
#pragma GCC unroll 3
  for (int i = 0; i < kWidth; i += 16) {
    const __m512 next = has_next ? load<__m512>(from + ld + i) : __m512{};
    const __m512bh rounded = _mm512_cvtne2ps_pbh(next, load<__m512>(from + i));
    store(to + i, _mm512_permutexvar_epi16((__m512i)in_pairs, (__m512i)rounded));
  }
}

}  // namespace
}  // namespace flm::cpu
