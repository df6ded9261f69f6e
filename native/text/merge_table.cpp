#include "text/merge_table.h"

#include <bit>

namespace flm::text {

MergeTable::MergeTable(size_t merges) {
  const size_t slots = std::bit_ceil(2 * merges + 2);  // at most half full
  shift_ = 64 - std::countr_zero(slots);
  slots_.resize(slots);
  joined_.reserve(merges);
}

bool MergeTable::append(Merge pair, uint32_t joined) {
  const uint64_t key = pair_key(pair.left, pair.right);
  Slot& slot = slots_[slot_of(key)];
  if (slot.rank != kNoRank) return false;
  slot = {key, static_cast<uint32_t>(joined_.size())};
  joined_.push_back(joined);
  return true;
}

}  // namespace flm::text
