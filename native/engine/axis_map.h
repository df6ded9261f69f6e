#pragma once
#include <cstdint>
#include <span>

#include "engine/spec.h"

namespace flm {

// Indices [first, end).
struct IndexRange {
  int64_t first = 0, end = 0;
  int64_t count() const { return end - first; }
};

enum class MapAxis { row, col };

// One axis of a move: new index -> index in the source, negative where the destination is no single one of
// them.
class AxisMap {
 public:
  // The map that `move` names for this axis of a destination of `size`; the plan must outlive this view.
  // Throws Error(checkpoint_invalid) when its length is not `size` or an entry, or a row of a mean, lies
  // outside the source.
  AxisMap(const LoadPlan& plan, const Move& move, MapAxis axis, int64_t size);

  int64_t operator[](int64_t index) const { return identity_ ? index : entries_[size_t(index)]; }
  // The source rows whose mean belongs at `index`; empty where it is a copy or new.
  std::span<const int32_t> mean(int64_t index) const;
  // The smallest range that holds the source indices of [begin, begin + count).
  IndexRange used(int64_t begin, int64_t count) const;

 private:
  bool identity_ = false;
  std::span<const int32_t> entries_;
  std::span<const std::vector<int32_t>> means_;  // none for columns
};

}  // namespace flm
