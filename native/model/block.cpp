#include "model/block.h"

namespace flm {

BlockActivations take_block(const Run& run, int64_t N) {
  BlockActivations kept;
  kept.norm1 = take_norm(run, N);
  kept.attention = take_attention(run, N);
  kept.mid = run.take(N * run.shape.hidden_size);
  kept.norm2 = take_norm(run, N);
  kept.ffn = take_ffn(run, N);
  return kept;
}

void block_fwd(const Run& run, int64_t layer, const BlockActivations& kept, Out y, In x,
               const TokenBatch& batch) {
  const BlockWeights& w = run.weights.blocks[size_t(layer)];
  norm_fwd(run, w.norm1, kept.norm1, x, batch.N);
  attention_fwd(run, w, kept.attention, kept.mid, kept.norm1.y, x, batch);
  norm_fwd(run, w.norm2, kept.norm2, kept.mid, batch.N);
  ffn_fwd(run, w, kept.ffn, y, kept.norm2.y, kept.mid, batch.N);
  if (run.masks.mixes(layer)) {
    const double m = run.masks.layer_mix[size_t(layer)];
    run.ops.axpby(run.context,
                  {.y = y, .x = y, .z = x, .n = batch.N * run.shape.hidden_size, .alpha = m, .beta = 1 - m});
  }
}

void block_bwd(const Run& run, int64_t layer, const BlockActivations& kept, Out dx, In dy, In x,
               const TokenBatch& batch) {
  const BlockWeights& w = run.weights.blocks[size_t(layer)];
  const int64_t N = batch.N, size = N * run.shape.hidden_size;
  const ArenaScope scope(run.arena);
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
  ffn_bwd(run, w, kept.ffn, dnorm, dout, kept.norm2.y, N);
  norm_bwd(run, w.norm2, kept.norm2, dmid, dnorm, kept.mid, dout, N);
  attention_bwd(run, w, kept.attention, dnorm, dmid, kept.norm1.y, batch);
  norm_bwd(run, w.norm1, kept.norm1, mixes ? dmid : dx, dnorm, x, dmid, N);
  if (mixes) {
    const double m = run.masks.layer_mix[size_t(layer)];
    run.ops.axpby(run.context, {.y = dx, .x = dy, .z = dmid, .n = size, .alpha = 1 - m, .beta = 1});
  }
}

}  // namespace flm
