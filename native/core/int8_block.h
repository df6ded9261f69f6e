#pragma once
// Numbers as small integers that share a scale: kScaleBlock neighbours each (the last of a row may be fewer).
#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

namespace flm {

// A cache line of int8, so that a whole block is read at once. With an f32 scale a weight takes 8.5 bits, as
// in GGUF's q8_0, which has an f16 scale for 32.
constexpr int64_t kScaleBlock = 64;

constexpr int64_t scale_blocks(int64_t cols) { return (cols + kScaleBlock - 1) / kScaleBlock; }

// values[i] = scale * to[i] as nearly as Q (int8_t or int16_t) allows; returns the scale. The largest
// magnitude becomes the largest number of Q. A block with a NaN or an infinity has a scale that is not finite
// either.
template <class Q>
inline float quantize_block(const float* values, int64_t count, Q* to) {
  constexpr float kMost = float(std::numeric_limits<Q>::max());
  // Magnitudes are in the order of their bits, which also keeps a NaN.
  uint32_t bits = 0;
  for (int64_t i = 0; i < count; ++i) bits = std::max(bits, std::bit_cast<uint32_t>(values[i]) & 0x7fffffffu);
  const float largest = std::bit_cast<float>(bits);
  // Below, the inverse would be infinite: such a block is zero.
  const float inverse = largest > 1e-30f ? kMost / largest : 0.0f;
  for (int64_t i = 0; i < count; ++i) {
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
    to[i] = Q(std::bit_cast<uint32_t>(values[i] * inverse + 12582912.0f));
  }
  return largest / kMost;
}

}  // namespace flm
