#pragma once
#include "model/attention.h"
#include "model/ffn.h"
#include "model/norm.h"

namespace flm {

// What one pre-norm block keeps for its backward pass, beside its input. The residual stream and the norms
// have local_rows rows, the rest all N.
struct BlockActivations {
  NormActivations norm1;
  AttentionActivations attention;
  Out mid;  // (local_rows, C): input + attention branch
  NormActivations norm2;
  FfnActivations ffn;
};

// All of them: for a pass without a backward pass, or to keep everything.
BlockActivations take_block(const Run& run, int64_t N);

// What `run.recompute` keeps of a block between its two passes; the rest is null, and each pass takes it for
// itself.
BlockActivations take_kept(const Run& run, int64_t N);

// y = x + A(x) + F(x + A(x)); during a depth ramp a new block gives m * y + (1 - m) * x.
void block_fwd(const Run& run, int64_t layer, const BlockActivations& kept, Out y, In x,
               const TokenBatch& batch);

// dx = gradient with respect to x; dx may be the memory of dy. What was not kept is made again first.
void block_bwd(const Run& run, int64_t layer, const BlockActivations& kept, Out dx, In dy, In x,
               const TokenBatch& batch);

}  // namespace flm
