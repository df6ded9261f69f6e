#pragma once
// bf16 with CUDA's names. Conversions are explicit: what compiles here compiles with CUDA's header.
#include <bit>
#include <cstdint>

struct __nv_bfloat16 {
  uint16_t bits;
  __nv_bfloat16() = default;
  explicit __nv_bfloat16(float v) {  // to nearest, ties to even; a NaN stays one
    const uint32_t u = std::bit_cast<uint32_t>(v);
    bits = (u & 0x7fffffffu) > 0x7f800000u ? uint16_t(0x7fff) : uint16_t((u + 0x7fffu + (u >> 16 & 1)) >> 16);
  }
  explicit operator float() const { return std::bit_cast<float>(uint32_t(bits) << 16); }
};

inline __nv_bfloat16 __float2bfloat16_rn(float v) { return __nv_bfloat16(v); }
inline float __bfloat162float(__nv_bfloat16 v) { return float(v); }
