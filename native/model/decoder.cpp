#include "model/decoder.h"

#include <utility>

#include "model/embedding.h"
#include "model/head.h"
#include "model/tensor_parallel.h"

namespace flm {

namespace {

int64_t stream_size(const Run& run, int64_t N) { return local_rows(run, N) * run.shape.hidden_size; }

// In the arena of the caller's scope.
In final_norm_of(const Run& run, In x, const TokenBatch& batch) {
  const int64_t rows = local_rows(run, batch.N);
  const NormActivations norm = take_norm(run, rows);
  norm_fwd(run, run.weights.final_norm, norm, x, rows);
  return norm.y;
}

}  // namespace

std::vector<Chunk> chunks_of(const Shard& shard) {
  std::vector<Chunk> chunks;
  int64_t first_block = 0;
  for (const Range& layers : shard.chunks) {
    chunks.push_back({{first_block, layers.count}, shard.is_first && chunks.empty(), false});
    first_block += layers.count;
  }
  chunks.back().is_last = shard.is_last;
  return chunks;
}

ChunkActivations take_chunk(const Run& run, const Chunk& chunk, int64_t N, const LentMemory& lent) {
  ChunkActivations a;
  a.x.push_back(run.take(stream_size(run, N)));
  // A block's output and what it keeps: not needed any more when its backward pass has ended.
  const auto take = [&](const Run& from, ChunkActivations& to) {
    to.x.push_back(from.take(stream_size(run, N)));
    to.kept.push_back(take_kept(from, N));
  };
  Arena probe;
  ChunkActivations ignored;
  take(run.in(probe), ignored);
  Arena borrowed = lent.bytes.empty() ? Arena() : Arena(lent.data, lent.bytes.back());
  for (int64_t i = 0; i < chunk.blocks.count; ++i) {
    const bool fits = !lent.bytes.empty() && borrowed.mark() + probe.peak() <= lent.bytes[size_t(i)];
    take(fits ? run.in(borrowed) : run, a);
  }
  a.dy = run.take(stream_size(run, N));
  return a;
}

void chunk_fwd(const Run& run, const Chunk& chunk, const ChunkActivations& a, Out losses,
               const TokenBatch& batch) {
  if (chunk.is_first) embed_fwd(run, a.x[0], batch);
  for (int64_t i = 0; i < chunk.blocks.count; ++i)
    block_fwd(run, chunk.blocks.begin + i, a.kept[size_t(i)], a.x[size_t(i + 1)], a.x[size_t(i)], batch);
  if (!chunk.is_last) return;

  const ArenaScope scope(run.arena);
  const int64_t rows = local_rows(run, batch.N);
  const NormActivations final_norm = take_norm(run, rows);
  const Out dnorm = run.take(stream_size(run, batch.N));
  norm_fwd(run, run.weights.final_norm, final_norm, a.x.back(), rows);
  head_loss_and_grad(run, losses, dnorm, final_norm.y, batch);
  norm_bwd(run, run.weights.final_norm, final_norm, a.dy, dnorm, a.x.back(), {}, rows);
}

void chunk_bwd(const Run& run, const Chunk& chunk, const ChunkActivations& a, const TokenBatch& batch,
               const BlockDone& block_done) {
  for (int64_t i = chunk.blocks.count - 1; i >= 0; --i) {
    const int64_t block = chunk.blocks.begin + i;
    block_bwd(run, block, a.kept[size_t(i)], a.dy, a.dy, a.x[size_t(i)], batch);
    if (block_done) block_done(block);
  }
  if (chunk.is_first) embed_bwd(run, a.dy, batch);
}

Out chunk_forward_only(const Run& run, const Chunk& chunk, Out x, Out spare, const TokenBatch& batch) {
  if (chunk.is_first) embed_fwd(run, x, batch);
  for (int64_t i = 0; i < chunk.blocks.count; ++i) {
    const ArenaScope scope(run.arena);
    block_fwd(run, chunk.blocks.begin + i, take_block(run, batch.N), spare, x, batch);
    std::swap(x, spare);
  }
  return x;
}

void losses_of(const Run& run, Out losses, In x, const TokenBatch& batch) {
  const ArenaScope scope(run.arena);
  head_loss(run, losses, final_norm_of(run, x, batch), batch);
}

void logits_of(const Run& run, Out logits, In x, const TokenBatch& batch) {
  const ArenaScope scope(run.arena);
  head_logits(run, logits, gather_rows(run, final_norm_of(run, x, batch), batch.N), batch.N);
}

}  // namespace flm
