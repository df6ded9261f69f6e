#include "engine/axis_map.h"

#include <algorithm>

#include "core/error.h"

namespace flm {

// Entries from here down name a mean: -2 the first, -3 the second.
constexpr int64_t kFirstMean = -2;

AxisMap::AxisMap(const LoadPlan& plan, const Move& move, MapAxis axis, int64_t size) {
  const bool is_row = axis == MapAxis::row;
  const int64_t index = is_row ? move.row_map : move.col_map;
  const int64_t source_size = is_row ? move.source_rows : move.source_cols;
  const char* name = is_row ? "rows" : "columns";
  if (index < 0) {
    FLM_CHECK(source_size == size, ErrorCode::checkpoint_invalid, move.tensor, " has ", size, " ", name,
              " and its source has ", source_size, "; without a map both must be equal");
    identity_ = true;
    return;
  }
  FLM_CHECK(index < int64_t(plan.maps.size()), ErrorCode::invalid_argument, "load plan: ", move.tensor,
            " names map ", index, " of ", plan.maps.size());
  entries_ = plan.maps[size_t(index)];
  FLM_CHECK(int64_t(entries_.size()) == size, ErrorCode::checkpoint_invalid, move.tensor, " has ", size, " ",
            name, " and map ", index, " has ", entries_.size(), " entries");
  if (is_row) means_ = plan.means;
  for (size_t i = 0; i < entries_.size(); ++i) {
    FLM_CHECK(entries_[i] >= kFirstMean - int64_t(means_.size()) + 1 && entries_[i] < source_size,
              ErrorCode::checkpoint_invalid, move.tensor, ": map ", index, " sends ", i, " to ", entries_[i],
              "; the source has ", source_size, " ", name, ", the plan ", means_.size(), " means");
    const auto rows = mean(int64_t(i));
    FLM_CHECK(entries_[i] > kFirstMean || !rows.empty(), ErrorCode::checkpoint_invalid, move.tensor, ": map ",
              index, " sends ", i, " to the mean of no rows");
    for (const int32_t row : rows) {
      FLM_CHECK(row >= 0 && row < source_size, ErrorCode::checkpoint_invalid, move.tensor, ": map ", index,
                " sends ", i, " to a mean with row ", row, "; the source has ", source_size);
    }
  }
}

std::span<const int32_t> AxisMap::mean(int64_t index) const {
  const int64_t entry = (*this)[index];
  if (entry > kFirstMean) return {};
  return means_[size_t(kFirstMean - entry)];
}

IndexRange AxisMap::used(int64_t begin, int64_t count) const {
  if (identity_) return {begin, begin + count};
  IndexRange range;
  for (const int32_t entry : entries_.subspan(size_t(begin), size_t(count))) {
    if (entry < 0) continue;
    range.first = range.count() == 0 ? entry : std::min<int64_t>(range.first, entry);
    range.end = std::max<int64_t>(range.end, entry + 1);
  }
  return range;
}

}  // namespace flm
