#pragma once
#include <cstdint>
#include <vector>

#include "comm/communicator.h"

namespace flm::host {

// out (count) = sources[0] op sources[1] op ..., in this order; bf16 in f32, rounded once. A source may be
// `out` itself. Not for u8.
void reduce(DType dtype, ReduceOp op, const std::vector<const void*>& sources, void* out, int64_t count);

}  // namespace flm::host
