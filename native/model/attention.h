#pragma once
#include "model/run.h"

namespace flm {

struct AttentionActivations {
  Out qkv;  // (N, H + 2G, D), queries and keys turned
  Out lse;  // (H, N)
  Out o;    // (N, H, D)
};

AttentionActivations take_attention(const Run& run, int64_t N);

// qkv of the normed input, turned by its positions: what both training and the key/value cache start from.
void qkv_fwd(const Run& run, const BlockWeights& w, Out qkv, In x, In positions, int64_t N);

// y = out(attention(x)) + residual.
void attention_fwd(const Run& run, const BlockWeights& w, const AttentionActivations& kept, Out y, In x,
                   In residual, const TokenBatch& batch);

// dx (N, C) = gradient with respect to the normed input x.
void attention_bwd(const Run& run, const BlockWeights& w, const AttentionActivations& kept, Out dx, In dy,
                   In x, const TokenBatch& batch);

}  // namespace flm
