#include "core/philox.h"

#include <algorithm>
#include <bit>

// Every sum and product is rounded by itself, so that the fill gives equal bits with and without fused
// multiply-add. GCC takes no errno flag along when a function has options of its own.
#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off", "no-math-errno")
#endif

namespace flm {
namespace {

// Pairs that are drawn together: what the steps hand on stays in the first cache.
constexpr int kPairs = 64;

// All below are loops over pairs without branches or calls, which compilers turn into vector code.

struct Bits {
  uint32_t words[4][kPairs];
};

// The blocks of `count` pairs from `pair` on, as philox() gives them one at a time.
inline __attribute__((always_inline)) void draw_blocks(uint64_t seed, uint64_t stream, uint64_t pair,
                                                       int count, Bits& bits) {
  auto& c = bits.words;
  for (int i = 0; i < count; ++i) {
    const uint64_t index = pair + uint64_t(i);
    c[0][i] = uint32_t(index);
    c[1][i] = uint32_t(index >> 32);
    c[2][i] = uint32_t(stream);
    c[3][i] = uint32_t(stream >> 32);
  }
  PhiloxKey key(seed);
  for (int round = 0; round < kPhiloxRounds; ++round, key.advance())
    for (int i = 0; i < count; ++i) {
      const uint64_t p0 = uint64_t(kPhiloxM0) * c[0][i], p1 = uint64_t(kPhiloxM1) * c[2][i];
      c[0][i] = uint32_t(p1 >> 32) ^ c[1][i] ^ key.low;
      c[1][i] = uint32_t(p1);
      c[2][i] = uint32_t(p0 >> 32) ^ c[3][i] ^ key.high;
      c[3][i] = uint32_t(p0);
    }
}

// philox_uniform by way of signed 32-bit integers, which all vector units convert.
inline __attribute__((always_inline)) double uniform_of(uint32_t high, uint32_t low) {
  const double top = double(int32_t(high ^ 0x80000000u)) + 0x1.0p31;
  return (top * 0x1.0p21 + double(int32_t(low >> 11)) + 0.5) * 0x1.0p-53;
}

// The natural logarithm of a normal number, to 2 units in the last place.
inline __attribute__((always_inline)) double log_of(double u) {
  // u = 2^e m with m between sqrt(1/2) and sqrt(2), by the upper word alone.
  const uint64_t bits = std::bit_cast<uint64_t>(u);
  const int32_t e = int32_t(uint32_t(bits >> 32) - 0x3fe6a09eu) >> 20;
  const double m = std::bit_cast<double>(bits - (uint64_t(uint32_t(e)) << 52));
  // log m = 2 artanh s as a power series: |s| < 0.172, so that the next term is below 2^-56.
  const double s = (m - 1) / (m + 1), z = s * s;
  double p = 1.0 / 21;
  for (int odd = 19; odd >= 3; odd -= 2) p = p * z + 1.0 / odd;
  return double(e) * 0.69314718055994530942 + (2 * s + 2 * s * (z * p));
}

struct Turn {
  double cosine, sine;
};

// Of 2 pi v for v in [0, 1].
inline __attribute__((always_inline)) Turn turn_of(double v) {
  const double quarters = 4 * v;
  const int32_t quarter = int32_t(quarters + 0.5);
  const double x = (quarters - double(quarter)) * 1.57079632679489661923, z = x * x;
  // Taylor series on |x| <= pi / 4: the next terms are below 2^-58.
  double c = 1, s = 1;
  for (int even = 16; even >= 2; even -= 2) c = 1 - z * c * (1.0 / (even * (even - 1)));
  for (int even = 16; even >= 2; even -= 2) s = 1 - z * s * (1.0 / (even * (even + 1)));
  s *= x;
  const bool swap = quarter & 1;
  const double cosine = swap ? s : c, sine = swap ? c : s;
  return {(quarter + 1) & 2 ? -cosine : cosine, quarter & 2 ? -sine : sine};
}

// Box and Muller: elements 2i and 2i + 1 are made of block i.
inline __attribute__((always_inline)) void draw_pairs(uint64_t seed, uint64_t stream, uint64_t pair,
                                                      int count, double* out) {
  Bits bits;
  draw_blocks(seed, stream, pair, count, bits);
  const auto& c = bits.words;
  for (int i = 0; i < count; ++i) {
    const double radius = __builtin_sqrt(-2 * log_of(uniform_of(c[0][i], c[1][i])));
    const Turn turn = turn_of(uniform_of(c[2][i], c[3][i]));
    out[2 * i] = radius * turn.cosine;
    out[2 * i + 1] = radius * turn.sine;
  }
}

using DrawPairs = void(uint64_t, uint64_t, uint64_t, int, double*);

void draw_portable(uint64_t seed, uint64_t stream, uint64_t pair, int count, double* out) {
  draw_pairs(seed, stream, pair, count, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void draw_avx2(uint64_t seed, uint64_t stream, uint64_t pair, int count,
                                               double* out) {
  draw_pairs(seed, stream, pair, count, out);
}

__attribute__((target("avx512f,avx512vl,avx512dq,prefer-vector-width=512"))) void draw_avx512(
    uint64_t seed, uint64_t stream, uint64_t pair, int count, double* out) {
  draw_pairs(seed, stream, pair, count, out);
}
#endif

DrawPairs* fastest() {
#if defined(__x86_64__)
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq");
  if (avx512) return draw_avx512;
  if (__builtin_cpu_supports("avx2")) return draw_avx2;
#endif
  return draw_portable;
}

void fill(DrawPairs* draw, uint64_t seed, uint64_t stream, uint64_t first, int64_t count, double* out) {
  while (count > 0) {
    const int64_t skip = int64_t(first % 2), pairs = std::min<int64_t>(kPairs, (skip + count + 1) / 2);
    const int64_t taken = std::min(count, 2 * pairs - skip);
    if (taken == 2 * pairs) {
      draw(seed, stream, first / 2, int(pairs), out);
    } else {
      double drawn[2 * kPairs];
      draw(seed, stream, first / 2, int(pairs), drawn);
      std::copy_n(drawn + skip, taken, out);
    }
    first += uint64_t(taken);
    out += taken;
    count -= taken;
  }
}

}  // namespace

void philox_normals(uint64_t seed, uint64_t stream, uint64_t first, int64_t count, double* out) {
  static DrawPairs* const draw = fastest();
  fill(draw, seed, stream, first, count, out);
}

void philox_normals_portable(uint64_t seed, uint64_t stream, uint64_t first, int64_t count, double* out) {
  fill(draw_portable, seed, stream, first, count, out);
}

}  // namespace flm
