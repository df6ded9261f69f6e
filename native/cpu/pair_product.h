#pragma once
// Products of 16-bit integers, two neighbours added up: exact, and half the instructions of f32.
#include "cpu/isa.h"
#include "cpu/simd.h"

#ifdef FLM_CPU_X86
#include <immintrin.h>
#endif

namespace flm::cpu {
namespace {

// Lane i = a[2i] * b[2i] + a[2i + 1] * b[2i + 1].
template <int kLanes>
FLM_INLINE Vec<int32_t, kLanes> multiply_pairs(Vec<int16_t, 2 * kLanes> a, Vec<int16_t, 2 * kLanes> b) {
  // The lower half of each pair, with its sign, and the upper one.
  const auto pairs_of_a = (Vec<int32_t, kLanes>)a, pairs_of_b = (Vec<int32_t, kLanes>)b;
  return (pairs_of_a << 16 >> 16) * (pairs_of_b << 16 >> 16) + (pairs_of_a >> 16) * (pairs_of_b >> 16);
}

// One instruction. Each is inlined only into files that are compiled for it.
#ifdef FLM_CPU_X86
template <>
FLM_INLINE Vec<int32_t, 4> multiply_pairs<4>(Vec<int16_t, 8> a, Vec<int16_t, 8> b) {
  return (Vec<int32_t, 4>)_mm_madd_epi16((__m128i)a, (__m128i)b);
}
template <>
[[gnu::target("avx2")]] FLM_INLINE Vec<int32_t, 8> multiply_pairs<8>(Vec<int16_t, 16> a, Vec<int16_t, 16> b) {
  return (Vec<int32_t, 8>)_mm256_madd_epi16((__m256i)a, (__m256i)b);
}
template <>
[[gnu::target("avx512bw")]] FLM_INLINE Vec<int32_t, 16> multiply_pairs<16>(Vec<int16_t, 32> a,
                                                                           Vec<int16_t, 32> b) {
  return (Vec<int32_t, 16>)_mm512_madd_epi16((__m512i)a, (__m512i)b);
}
#endif

}  // namespace
}  // namespace flm::cpu
