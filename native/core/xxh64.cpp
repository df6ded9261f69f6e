#include "core/xxh64.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace flm {
namespace {

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87u;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4Fu;
constexpr uint64_t kPrime3 = 0x165667B19E3779F9u;
constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63u;
constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5u;

template <class T>
T load(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

uint64_t round(uint64_t lane, uint64_t input) { return std::rotl(lane + input * kPrime2, 31) * kPrime1; }

uint64_t merge(uint64_t hash, uint64_t lane) { return (hash ^ round(0, lane)) * kPrime1 + kPrime4; }

// Mixes in the last bytes, fewer than a stripe.
uint64_t finish_tail(uint64_t hash, const uint8_t* tail, size_t bytes) {
  for (; bytes >= 8; bytes -= 8, tail += 8) {
    hash = std::rotl(hash ^ round(0, load<uint64_t>(tail)), 27) * kPrime1 + kPrime4;
  }
  if (bytes >= 4) {
    hash = std::rotl(hash ^ (load<uint32_t>(tail) * kPrime1), 23) * kPrime2 + kPrime3;
    bytes -= 4;
    tail += 4;
  }
  for (; bytes > 0; --bytes, ++tail) hash = std::rotl(hash ^ (*tail * kPrime5), 11) * kPrime1;
  return hash;
}

// Spreads every input bit over the whole word.
uint64_t avalanche(uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

}  // namespace

Xxh64::Xxh64(uint64_t seed)
    : seed_(seed), lanes_{seed + kPrime1 + kPrime2, seed + kPrime2, seed, seed - kPrime1} {}

void Xxh64::consume(const uint8_t* stripe) {
  for (size_t i = 0; i < lanes_.size(); ++i) lanes_[i] = round(lanes_[i], load<uint64_t>(stripe + 8 * i));
}

void Xxh64::update(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return;
  total_bytes_ += bytes.size();
  if (pending_bytes_ > 0) {
    const size_t taken = std::min(bytes.size(), kStripe - pending_bytes_);
    std::memcpy(pending_.data() + pending_bytes_, bytes.data(), taken);
    pending_bytes_ += taken;
    bytes = bytes.subspan(taken);
    if (pending_bytes_ < kStripe) return;
    consume(pending_.data());
    pending_bytes_ = 0;
  }
  for (; bytes.size() >= kStripe; bytes = bytes.subspan(kStripe)) consume(bytes.data());
  if (!bytes.empty()) std::memcpy(pending_.data(), bytes.data(), bytes.size());
  pending_bytes_ = bytes.size();
}

uint64_t Xxh64::digest() const {
  uint64_t hash = seed_ + kPrime5;
  if (total_bytes_ >= kStripe) {
    hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) +
           std::rotl(lanes_[3], 18);
    for (const uint64_t lane : lanes_) hash = merge(hash, lane);
  }
  return avalanche(finish_tail(hash + total_bytes_, pending_.data(), pending_bytes_));
}

}  // namespace flm
