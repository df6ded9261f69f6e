#pragma once
// Moves of a load plan, for tests that make one by hand.
#include <string>

#include "engine/spec.h"

namespace flm::test {

// All of a parameter is new.
inline Move fill_move(const std::string& tensor, FillKind fill, double fill_value) {
  return {.tensor = tensor,
          .kind = StateKind::master,
          .file = -1,
          .offset = 0,
          .dtype = DType::f32,
          .source_rows = 0,
          .source_cols = 0,
          .row_map = -1,
          .col_map = -1,
          .scale = 1,
          .fill = fill,
          .fill_value = fill_value};
}

// All of a parameter as the first file of the plan has it, from its first byte on.
inline Move copy_move(const std::string& tensor, StateKind kind, DType dtype, int64_t rows, int64_t cols) {
  Move move = fill_move(tensor, FillKind::constant, 0);
  move.kind = kind;
  move.file = 0;
  move.dtype = dtype;
  move.source_rows = rows;
  move.source_cols = cols;
  return move;
}

}  // namespace flm::test
