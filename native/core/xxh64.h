#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace flm {

// Streaming XXH64 as in the algorithm's specification (xxHash fast digest algorithm, XXH64). Detects damage,
// not tampering.
class Xxh64 {
 public:
  explicit Xxh64(uint64_t seed = 0);
  void update(std::span<const uint8_t> bytes);
  uint64_t digest() const;  // of all bytes so far; more may follow

 private:
  static constexpr size_t kStripe = 32;
  void consume(const uint8_t* stripe);

  uint64_t seed_;
  std::array<uint64_t, 4> lanes_;
  std::array<uint8_t, kStripe> pending_{};
  size_t pending_bytes_ = 0;
  uint64_t total_bytes_ = 0;
};

}  // namespace flm
