#pragma once
// What the functions of model/ share: the ops, the memory and the numbers of one pipeline stage on one rank.
#include "core/arena.h"
#include "core/op_table.h"
#include "model/growth_mask.h"
#include "model/recompute.h"
#include "model/shape.h"
#include "model/weights.h"

namespace flm {

class Communicator;

struct ComputeTypes {
  DType compute;  // weights' working copies, activations and their gradients
  DType stat;     // masters, parameter gradients, statistics, losses
};

// Rotary tables, (seq_length, head_size / 2) stat; null for learned positions, zeta null but for xPos.
struct RotaryTables {
  In cos, sin, zeta;
};

// One micro-batch of N tokens on the device: rows of seq_length, one after another.
struct TokenBatch {
  In tokens, positions;  // (N) i32
  In targets;            // (N) i32, -1 = none
  In loss_weight;        // (N) stat
  In segment_starts;     // (num_segments + 1) i32
  int64_t num_segments = 0, max_segment = 0;
  int64_t N = 0;
  // The rows sorted by token (of those that this rank's vocabulary holds, counted from its first) and by
  // position, for the embeddings' gradients (see EmbeddingBwd).
  struct Sorted {
    In order, ids, starts;
    int64_t distinct = 0;
  } by_token, by_position;
};

// This rank's place among those that share every matrix. Tokens and targets are global ids; a rank holds the
// rows of the vocabulary from vocab_begin on.
struct TensorParallel {
  Communicator* group = nullptr;  // null: one rank
  int64_t size = 1, rank = 0;
  int64_t vocab_begin = 0;
  bool sequence_parallel = false;
};

struct Run {
  Context& context;
  const OpTable& ops;
  Arena& arena;
  const ModelShape& shape;  // of what this rank holds: see local_shape()
  ComputeTypes types;
  const StageWeights& weights;
  RotaryTables rotary;
  const GrowthMaskViews& masks;
  TensorParallel tensor = {};
  Recompute recompute = Recompute::none;
  // The gradients of products are written, not added to: those of a step's first micro-batch, so that nobody
  // has to clear them before.
  bool first_micro_batch = false;

  // The same work with other memory.
  Run in(Arena& other) const {
    return {context, ops, other, shape, types, weights, rotary, masks, tensor, recompute, first_micro_batch};
  }
  Out take(int64_t elements) const { return arena.take(elements, types.compute); }
  Out take_stat(int64_t elements) const { return arena.take(elements, types.stat); }
};

}  // namespace flm
