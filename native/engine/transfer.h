#pragma once
// Load, reshard and grow are this one operation: fill a local tensor from boxes of global ones through axis
// maps.
#include <cstdint>

#include "core/box.h"
#include "core/tensor.h"
#include "engine/spec.h"

namespace flm {

// Writes the box of the destination tensor (rows, cols) that `move` describes to `values`: host memory,
// (box.row_count, box.col_count) row-major, f32, bf16 or f64. Reads only the rows of the source that the box
// needs, and of those only the columns between the first and the last one needed; staging is bounded by a few
// MiB or one row, whichever is more. Equal bits under any sharding.
// Throws Error(checkpoint_invalid) for maps of the wrong length or with entries outside the source and for
// files that end too early, Error(io) when a file cannot be read.
void fill_tensor(const Move& move, const LoadPlan& plan, int64_t rows, int64_t cols, const Box& box,
                 Out values);

}  // namespace flm
