#pragma once
#include "model/run.h"

namespace flm {

// x (local_rows, C) = input_mult * embedding[token] + position embedding.
void embed_fwd(const Run& run, Out x, const TokenBatch& batch);
// The gradients of both tables accumulate.
void embed_bwd(const Run& run, In dx, const TokenBatch& batch);

}  // namespace flm
