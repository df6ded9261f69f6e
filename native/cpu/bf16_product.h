#pragma once
// The product policy (see gemm_tile.h) of AVX512-BF16: a unit is two bf16.
#include <immintrin.h>

#include "cpu/simd.h"

namespace flm::cpu {
namespace {

struct Bf16Product {
  static constexpr int kLanesOf = 16;
  FLM_INLINE static Vec<float, 16> multiply_add(float a, Vec<float, 16> b, Vec<float, 16> sum) {
    const __m512bh pairs = (__m512bh)_mm512_set1_ps(a);
    return _mm512_dpbf16_ps(sum, pairs, (__m512bh)b);
  }
};

}  // namespace
}  // namespace flm::cpu
