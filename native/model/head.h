#pragma once
#include "model/run.h"

namespace flm {

// The output head with its cross entropy, a chunk of rows at a time: logits of a whole batch never exist.
// Where the vocabulary is split, the ranks exchange three numbers a row instead of logits.

// losses (N) = nats of each row, 0 where it has no target. x (local_rows, C) is the final norm's output.
void head_loss(const Run& run, Out losses, In x, const TokenBatch& batch);

// The same, and the backward pass at once: dx (local_rows, C) = gradient with respect to x, head gradients
// accumulate.
void head_loss_and_grad(const Run& run, Out losses, Out dx, In x, const TokenBatch& batch);

// logits (rows, V) of `rows` rows of x, of the part of the vocabulary that this rank holds.
void head_logits(const Run& run, Out logits, In x, int64_t rows);

}  // namespace flm
