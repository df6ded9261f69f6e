#pragma once
#include <cstdint>

namespace flm {

// A rectangle of a matrix; a vector is one row.
struct Box {
  int64_t row_begin, row_count, col_begin, col_count;

  int64_t size() const { return row_count * col_count; }
};

}  // namespace flm
