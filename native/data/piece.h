#pragma once
#include <cstdint>

namespace flm {

// `length` inputs of a token file from `offset` go into a row of the batch behind what is already there;
// their targets are the tokens one further on.
struct Piece {
  int64_t row, file, offset, length;
  bool new_segment;  // attention and positions start anew here
  bool last_target;  // false: the last input has no target (the document ends with it)
  bool no_targets =
      false;  // none of the inputs has a target: they are read, and nothing is learned from them
};

}  // namespace flm
