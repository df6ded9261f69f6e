#pragma once
#include "model/attention.h"
#include "model/ffn.h"
#include "model/norm.h"

namespace flm {

// What one pre-norm block keeps for its backward pass, beside its input.
struct BlockActivations {
  NormActivations norm1;
  AttentionActivations attention;
  Out mid;  // (N, C): input + attention branch
  NormActivations norm2;
  FfnActivations ffn;
};

BlockActivations take_block(const Run& run, int64_t N);

// y = x + A(x) + F(x + A(x)); during a depth ramp a new block gives m * y + (1 - m) * x.
void block_fwd(const Run& run, int64_t layer, const BlockActivations& kept, Out y, In x,
               const TokenBatch& batch);

// dx = gradient with respect to x; dx may be the memory of dy.
void block_bwd(const Run& run, int64_t layer, const BlockActivations& kept, Out dx, In dy, In x,
               const TokenBatch& batch);

}  // namespace flm
