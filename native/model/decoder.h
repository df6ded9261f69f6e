#pragma once
// A chunk: consecutive blocks of one rank, the unit of the pipeline. The first chunk of the model begins with
// the embedding, the last one ends with the final norm, the head and the loss. Without a pipeline one chunk
// is all.
#include <functional>
#include <vector>

#include "model/block.h"
#include "model/shard.h"

namespace flm {

struct Chunk {
  Range blocks;  // indices into StageWeights::blocks
  bool is_first = true, is_last = true;
};

// The chunks of a shard, in order.
std::vector<Chunk> chunks_of(const Shard& shard);

// Memory that has another use later: the first bytes[i] of it may be used until the backward pass of block i
// of the chunk has ended. Grows with i.
struct LentMemory {
  void* data = nullptr;
  std::vector<size_t> bytes;  // of every block; empty: nothing is lent
};

// What a chunk keeps of one micro-batch until its backward pass. Every tensor of the residual stream is
// (local_rows, C).
struct ChunkActivations {
  std::vector<Out> x;                  // the input of every block, and the last one's output
  std::vector<BlockActivations> kept;  // of every block, as `run.recompute` says
  Out dy;                              // the gradient of x.back(); after the backward pass that of x[0]
};

// In the arena, and in what is lent for as long as it is needed.
ChunkActivations take_chunk(const Run& run, const Chunk& chunk, int64_t N, const LentMemory& lent = {});

// Fills `a.x` from its first entry, which the first chunk makes itself; the last chunk also computes losses
// (N), the gradients of its weights from the final norm on, and `a.dy`.
void chunk_fwd(const Run& run, const Chunk& chunk, const ChunkActivations& a, Out losses,
               const TokenBatch& batch);
// From the gradient of the chunk's output in `a.dy` to that of its input in the same place; gradients of the
// weights accumulate. `block_done` (may be empty) hears of each block as soon as its gradients are enqueued.
using BlockDone = std::function<void(int64_t block)>;
void chunk_bwd(const Run& run, const Chunk& chunk, const ChunkActivations& a, const TokenBatch& batch,
               const BlockDone& block_done);

// The forward pass alone, keeping nothing, from the chunk's input in x (which the first chunk makes itself).
// Returns where its output is: x or `spare`, both (local_rows, C).
Out chunk_forward_only(const Run& run, const Chunk& chunk, Out x, Out spare, const TokenBatch& batch);

// From the last chunk's output x: losses (N), or logits (N, V) of the part of the vocabulary that this rank
// holds.
void losses_of(const Run& run, Out losses, In x, const TokenBatch& batch);
void logits_of(const Run& run, Out logits, In x, const TokenBatch& batch);

}  // namespace flm
