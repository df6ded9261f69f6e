#pragma once
#include <cstdint>

#include "core/op_list.h"
#include "cpu/cpu_state.h"

namespace flm::cpu {

// Queries that one task computes.
constexpr int64_t kForwardQueries = 384;

// Floats of scratch memory that a task needs.
int64_t attention_forward_scratch(Isa isa, DType dtype, int64_t D);

// Output and lse of one head's queries [query, query + count), count <= kForwardQueries, of the segment that
// begins at token `first`.
void attention_forward_task(Isa isa, const AttentionFwd& args, int64_t first, int64_t query, int64_t count,
                            int64_t head, float* scratch);

}  // namespace flm::cpu
