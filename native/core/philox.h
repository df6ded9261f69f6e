#pragma once
// Counter-based random numbers: a value is a function of (seed, stream, index) alone, so that it is the same
// under any sharding, thread count and order. Source: Philox4x32-10, "Parallel random numbers: as easy as
// 1, 2, 3", Salmon et al., SC 2011.
#include <array>
#include <cstdint>
#include <string_view>

namespace flm {

using PhiloxBlock = std::array<uint32_t, 4>;

inline constexpr int kPhiloxRounds = 10;
inline constexpr uint32_t kPhiloxM0 = 0xD2511F53u, kPhiloxM1 = 0xCD9E8D57u;

// The two words that every round mixes in.
struct PhiloxKey {
  explicit PhiloxKey(uint64_t seed) : low(uint32_t(seed)), high(uint32_t(seed >> 32)) {}

  void advance() {
    low += 0x9E3779B9u;
    high += 0xBB67AE85u;
  }

  uint32_t low, high;
};

inline PhiloxBlock philox(uint64_t seed, uint64_t stream, uint64_t index) {
  PhiloxBlock c{uint32_t(index), uint32_t(index >> 32), uint32_t(stream), uint32_t(stream >> 32)};
  PhiloxKey key(seed);
  for (int round = 0; round < kPhiloxRounds; ++round, key.advance()) {
    const uint64_t p0 = uint64_t(kPhiloxM0) * c[0], p1 = uint64_t(kPhiloxM1) * c[2];
    c = {uint32_t(p1 >> 32) ^ c[1] ^ key.low, uint32_t(p1), uint32_t(p0 >> 32) ^ c[3] ^ key.high,
         uint32_t(p0)};
  }
  return c;
}

// The stream of a name, e.g. of a tensor: 64-bit FNV-1a.
inline uint64_t philox_stream(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : name) hash = (hash ^ uint8_t(c)) * 0x100000001b3ull;
  return hash;
}

// In (0, 1], 53 bits: the largest rounds up.
inline double philox_uniform(uint32_t high, uint32_t low) {
  const uint64_t bits = (uint64_t(high) << 32 | low) >> 11;
  return (double(bits) + 0.5) * 0x1.0p-53;
}

// Elements [first, first + count) of a standard normal stream (Box-Muller; elements 2i and 2i + 1 share a
// block). Equal bits on every machine: logarithm, sine and cosine are our own.
void philox_normals(uint64_t seed, uint64_t stream, uint64_t first, int64_t count, double* out);

// The same without vector instructions, for tests.
void philox_normals_portable(uint64_t seed, uint64_t stream, uint64_t first, int64_t count, double* out);

inline double philox_normal(uint64_t seed, uint64_t stream, uint64_t index) {
  double value;
  philox_normals(seed, stream, index, 1, &value);
  return value;
}

}  // namespace flm
