#pragma once
#include "model/block.h"

namespace flm {

// losses (N) of a micro-batch and, accumulated, the gradients of every weight. With `recompute` a block keeps
// its input alone and runs its forward pass again on the way back: equal bits, less memory.
void train_micro_batch(const Run& run, bool recompute, Out losses, const TokenBatch& batch);

// losses (N) alone.
void evaluate_micro_batch(const Run& run, Out losses, const TokenBatch& batch);

// logits (N, V) of every position.
void logits_of(const Run& run, Out logits, const TokenBatch& batch);

}  // namespace flm
