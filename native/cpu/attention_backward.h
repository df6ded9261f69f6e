#pragma once
#include <cstdint>

#include "core/op_list.h"
#include "cpu/cpu_state.h"

namespace flm::cpu {

// Floats of scratch memory that a task needs.
int64_t attention_backward_scratch(Isa isa, DType dtype, int64_t D, int64_t max_segment);

// All gradients of the segment of `length` tokens that begins at token `first`, for one key/value head and
// the query heads that read it, in their order.
void attention_backward_task(Isa isa, const AttentionBwd& args, int64_t first, int64_t length,
                             int64_t kv_head, float* scratch);

}  // namespace flm::cpu
