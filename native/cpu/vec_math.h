#pragma once
// Elementary functions of f32 without branches, tables or calls, so that loops over them are vectorised (see
// parallel_for). Relative errors are below 2^-22; NaN stays NaN; limits are
// exact (exp(-inf) = 0).
#include <bit>
#include <cstdint>
#include <limits>

#include "core/dtype.h"

namespace flm::cpu {

namespace detail {

// With x = n ln 2 + r: returns e^r and sets the low bits of `shifted` to n.
inline float exp_of_remainder(float x, uint32_t& shifted) {
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const float sum = x * 1.44269504f + 12582912.0f;
  const float n = sum - 12582912.0f;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  shifted = std::bit_cast<uint32_t>(sum);
  // A minimax polynomial on |r| <= ln 2 / 2.
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * (r * r) + (r + 1.0f);
}

}  // namespace detail

// e^x.
inline float vec_exp(float x) {
  uint32_t shifted;
  const float p = detail::exp_of_remainder(x, shifted);
  // 2^n in two factors, since n may lie outside the exponents of normal numbers.
  const int32_t n = int32_t(shifted - 0x4b400000u), half = n >> 1;
  const float scale1 = std::bit_cast<float>((uint32_t(half) + 127u) << 23);
  const float scale2 = std::bit_cast<float>((uint32_t(n) - uint32_t(half) + 127u) << 23);
  // Far outside, the above is garbage. The comparisons let NaN through.
  float y = p * scale1 * scale2;
  y = x < -104.0f ? 0.0f : y;
  return x > 89.0f ? std::numeric_limits<float>::infinity() : y;
}

// 2^x for x <= 126: 0 where the result is below the normal numbers.
inline float vec_exp2_bounded(float x) {
  // As in exp_of_remainder, with the exponent's bias in the shift: the low bits are the result's exponent
  // field.
  constexpr float kShift = 12582912.0f + 127.0f;
  const float sum = x + kShift;
  const float r = x - (sum - kShift);
  // A minimax polynomial on |r| <= 1 / 2, 1 at 0.
  float p = 1.5353361960e-4f;
  p = p * r + 1.3398875017e-3f;
  p = p * r + 9.6184369177e-3f;
  p = p * r + 5.5503323674e-2f;
  p = p * r + 2.4022647738e-1f;
  p = p * r + 6.9314718246e-1f;
  p = p * r + 1.0f;
  const float y = p * std::bit_cast<float>(std::bit_cast<uint32_t>(sum) << 23);
  return x < -126.0f ? 0.0f : y;
}

// 1 / (1 + e^-x).
inline float vec_sigmoid(float x) { return 1.0f / (1.0f + vec_exp(-x)); }

// f32 and bf16 alike in templates; the conversion to bf16 is that of core/dtype.h without its branch.
inline float load_float(float value) { return value; }
inline float load_float(bf16 value) { return std::bit_cast<float>(uint32_t(value.bits) << 16); }

template <class T>
T round_to(float value);

template <>
inline float round_to<float>(float value) {
  return value;
}

template <>
inline bf16 round_to<bf16>(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t quiet = (bits >> 16) | 0x40u;
  return bf16{uint16_t((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded)};
}

}  // namespace flm::cpu
