#pragma once
// Counter-based random numbers: a value is a function of (seed, stream, index) alone, so that it is the same
// under any sharding, thread count and order. Source: Philox4x32-10, "Parallel random numbers: as easy as
// 1, 2, 3", Salmon et al., SC 2011.
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace flm {

using PhiloxBlock = std::array<uint32_t, 4>;

inline PhiloxBlock philox(uint64_t seed, uint64_t stream, uint64_t index) {
  uint32_t key0 = uint32_t(seed), key1 = uint32_t(seed >> 32);
  PhiloxBlock c{uint32_t(index), uint32_t(index >> 32), uint32_t(stream), uint32_t(stream >> 32)};
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t(0xD2511F53u) * c[0], p1 = uint64_t(0xCD9E8D57u) * c[2];
    c = {uint32_t(p1 >> 32) ^ c[1] ^ key0, uint32_t(p1), uint32_t(p0 >> 32) ^ c[3] ^ key1, uint32_t(p0)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return c;
}

// The stream of a name, e.g. of a tensor: 64-bit FNV-1a.
inline uint64_t philox_stream(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : name) hash = (hash ^ uint8_t(c)) * 0x100000001b3ull;
  return hash;
}

// In (0, 1), 53 bits.
inline double philox_uniform(uint32_t high, uint32_t low) {
  const uint64_t bits = (uint64_t(high) << 32 | low) >> 11;
  return (double(bits) + 0.5) * 0x1.0p-53;
}

// Elements of a standard normal stream (Box-Muller; elements 2i and 2i + 1 share a block). Keeps the newest
// block, so that reading in order computes each once.
class PhiloxNormals {
 public:
  PhiloxNormals(uint64_t seed, uint64_t stream) : seed_(seed), stream_(stream) {}

  double at(uint64_t index) {
    if (index / 2 != block_) {
      block_ = index / 2;
      const PhiloxBlock bits = philox(seed_, stream_, block_);
      const double radius = std::sqrt(-2 * std::log(philox_uniform(bits[0], bits[1])));
      const double angle = 2 * 3.14159265358979323846 * philox_uniform(bits[2], bits[3]);
      even_ = radius * std::cos(angle);
      odd_ = radius * std::sin(angle);
    }
    return index % 2 ? odd_ : even_;
  }

 private:
  uint64_t seed_, stream_;
  uint64_t block_ = UINT64_MAX;  // none: no index reaches it
  double even_ = 0, odd_ = 0;
};

inline double philox_normal(uint64_t seed, uint64_t stream, uint64_t index) {
  return PhiloxNormals(seed, stream).at(index);
}

}  // namespace flm
