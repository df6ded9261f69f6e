#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "data/piece.h"
#include "data/token_file.h"

namespace flm::data {

// All of shape (rows, seq_length), row-major.
struct Batch {
  std::vector<int32_t> tokens;
  std::vector<int32_t> targets;    // -1: no target
  std::vector<int32_t> positions;  // within the segment; 0 marks where a segment begins
};

// Lays the pieces of each row one behind another, in list order. The target of an input is the next input of
// its row; before a piece with new_segment and at the end of a row's last piece it is the token behind it in
// its own file, or nothing without last_target. Inputs of a piece with no_targets have none. The rest of a
// row is a segment of its own: token 0 and no target. Throws Error(data_invalid), naming the piece, for rows
// that overflow, ranges outside their file and ids that are not below vocab_size.
Batch gather(std::span<const TokenFile> files, std::span<const Piece> pieces, int64_t rows,
             int64_t seq_length, int64_t vocab_size);

}  // namespace flm::data
