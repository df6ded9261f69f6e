#include "model/block.h"

#include "model/tensor_parallel.h"

namespace flm {

namespace {

// All but the norms' outputs, which are cheap to make again.
BlockActivations take_all_but_norms(const Run& run, int64_t N) {
  const int64_t rows = local_rows(run, N);
  BlockActivations all;
  all.norm1 = take_statistics(run, rows);
  all.attention = take_attention(run, N);
  all.mid = run.take(rows * run.shape.hidden_size);
  all.norm2 = take_statistics(run, rows);
  all.ffn = take_ffn(run, N);
  return all;
}

// Fills in what is not kept with memory of this pass.
BlockActivations complete(const Run& run, const BlockActivations& kept, int64_t N) {
  BlockActivations all = kept.mid ? kept : take_all_but_norms(run, N);
  const int64_t size = local_rows(run, N) * run.shape.hidden_size;
  if (!all.norm1.y) all.norm1.y = run.take(size);
  if (!all.norm2.y) all.norm2.y = run.take(size);
  return all;
}

void forward_to_ffn(const Run& run, const BlockWeights& w, const BlockActivations& all, In x,
                    const TokenBatch& batch) {
  const int64_t rows = local_rows(run, batch.N);
  norm_fwd(run, w.norm1, all.norm1, x, rows);
  attention_fwd(run, w, all.attention, all.mid, all.norm1.y, x, batch);
  norm_fwd(run, w.norm2, all.norm2, all.mid, rows);
  ffn_in_fwd(run, w, all.ffn, all.norm2.y, batch.N);
}

// What was kept, with the rest made again as the forward pass made it.
BlockActivations restore(const Run& run, const BlockWeights& w, const BlockActivations& kept, In x,
                         const TokenBatch& batch) {
  const int64_t rows = local_rows(run, batch.N);
  const BlockActivations all = complete(run, kept, batch.N);
  if (!kept.mid) {
    forward_to_ffn(run, w, all, x, batch);
  } else if (!kept.norm1.y) {
    norm_fwd(run, w.norm1, all.norm1, x, rows);
    norm_fwd(run, w.norm2, all.norm2, all.mid, rows);
  }
  return all;
}

}  // namespace

BlockActivations take_block(const Run& run, int64_t N) {
  const int64_t rows = local_rows(run, N);
  BlockActivations all;
  all.norm1 = take_norm(run, rows);
  all.attention = take_attention(run, N);
  all.mid = run.take(rows * run.shape.hidden_size);
  all.norm2 = take_norm(run, rows);
  all.ffn = take_ffn(run, N);
  return all;
}

BlockActivations take_kept(const Run& run, int64_t N) {
  switch (run.recompute) {
    case Recompute::none:
      return take_block(run, N);
    case Recompute::selective:
      return take_all_but_norms(run, N);
    case Recompute::full:
      return {};
  }
  return {};
}

void block_fwd(const Run& run, int64_t layer, const BlockActivations& kept, Out y, In x,
               const TokenBatch& batch) {
  const ArenaScope scope(run.arena);
  const BlockWeights& w = run.weights.blocks[size_t(layer)];
  const BlockActivations all = complete(run, kept, batch.N);
  forward_to_ffn(run, w, all, x, batch);
  ffn_out_fwd(run, w, all.ffn, y, all.mid, batch.N);
  if (run.masks.mixes(layer)) {
    const double m = run.masks.layer_mix[size_t(layer)];
    run.ops.axpby(run.context, {.y = y,
                                .x = y,
                                .z = x,
                                .n = local_rows(run, batch.N) * run.shape.hidden_size,
                                .alpha = m,
                                .beta = 1 - m});
  }
}

void block_bwd(const Run& run, int64_t layer, const BlockActivations& kept, Out dx, In dy, In x,
               const TokenBatch& batch) {
  const BlockWeights& w = run.weights.blocks[size_t(layer)];
  const int64_t N = batch.N, rows = local_rows(run, N), size = rows * run.shape.hidden_size;
  const ArenaScope scope(run.arena);
  const BlockActivations all = restore(run, w, kept, x, batch);
  const bool mixes = run.masks.mixes(layer);
  In dout = dy;  // of the block's own output, before it is mixed with its input
  if (mixes) {
    const Out scaled = run.take(size);
    const double m = run.masks.layer_mix[size_t(layer)];
    run.ops.axpby(run.context, {.y = scaled, .x = dy, .z = {}, .n = size, .alpha = m, .beta = 0});
    dout = scaled;
  }
  const Out dnorm = run.take(size);
  const Out dmid = run.take(size);
  ffn_bwd(run, w, all.ffn, dnorm, dout, all.norm2.y, N);
  norm_bwd(run, w.norm2, all.norm2, dmid, dnorm, all.mid, dout, rows);
  attention_bwd(run, w, all.attention, dnorm, dmid, all.norm1.y, batch);
  norm_bwd(run, w.norm1, all.norm1, mixes ? dmid : dx, dnorm, x, dmid, rows);
  if (mixes) {
    const double m = run.masks.layer_mix[size_t(layer)];
    run.ops.axpby(run.context, {.y = dx, .x = dy, .z = dmid, .n = size, .alpha = 1 - m, .beta = 1});
  }
}

}  // namespace flm
