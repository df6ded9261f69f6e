#pragma once
// Looks up merges by their pair of ids.
#include <cstdint>
#include <vector>

#include "text/vocabulary.h"

namespace flm::text {

class MergeTable {
 public:
  explicit MergeTable(size_t merges);

  // Gives the pair the next rank (0, 1, ...) and `joined` as result. False if the pair has a rank already.
  bool append(Merge pair, uint32_t joined);

  // The rank of the pair, or kNoRank, which is larger than every rank.
  uint32_t rank(uint32_t left, uint32_t right) const { return slots_[slot_of(pair_key(left, right))].rank; }

  uint32_t joined(uint32_t rank) const { return joined_[rank]; }

  static constexpr uint32_t kNoRank = UINT32_MAX;

 private:
  struct Slot {
    uint64_t key = 0;
    uint32_t rank = kNoRank;  // kNoRank marks an empty slot
  };

  // The slot that holds the key, or the empty one where it belongs.
  size_t slot_of(uint64_t key) const {
    size_t i = (key ^ key >> 29) * 0x9E3779B97F4A7C15ull >> shift_;
    while (slots_[i].rank != kNoRank && slots_[i].key != key) i = (i + 1) & (slots_.size() - 1);
    return i;
  }

  int shift_;                     // 64 - log2(slots_.size()): the product's high bits are the well-mixed ones
  std::vector<Slot> slots_;       // open addressing with linear probing; the size is a power of two
  std::vector<uint32_t> joined_;  // by rank
};

}  // namespace flm::text
