#include "model/attention.h"

#include "model/linear.h"

namespace flm {

namespace {

// q, k and v inside a packed qkv.
template <class View>
struct Heads {
  View q, k, v;
};
template <class View>
Heads<View> split(const ModelShape& shape, View qkv) {
  return {qkv, qkv.at(shape.query_size()), qkv.at(shape.query_size() + shape.kv_size())};
}

bool turns(const Run& run) { return run.rotary.cos || run.masks.heads; }

}  // namespace

AttentionActivations take_attention(const Run& run, int64_t N) {
  const ModelShape& s = run.shape;
  return {run.take(N * s.qkv_size()), run.take_stat(s.num_attention_heads * N), run.take(N * s.query_size())};
}

void qkv_fwd(const Run& run, const BlockWeights& w, Out qkv, In x, In positions, int64_t N) {
  const ModelShape& s = run.shape;
  column_linear_fwd(run, w.qkv, qkv, x, N);
  if (turns(run))
    run.ops.rotary_fwd(run.context, {.qkv = qkv,
                                     .cos = run.rotary.cos,
                                     .sin = run.rotary.sin,
                                     .zeta = run.rotary.zeta,
                                     .positions = positions,
                                     .head_mask = run.masks.heads,
                                     .N = N,
                                     .H = s.num_attention_heads,
                                     .G = s.num_kv_heads,
                                     .D = s.head_size});
}

void attention_fwd(const Run& run, const BlockWeights& w, const AttentionActivations& kept, Out y, In x,
                   In residual, const TokenBatch& batch) {
  const ModelShape& s = run.shape;
  qkv_fwd(run, w, kept.qkv, x, batch.positions, batch.N);
  const auto in = split(s, In(kept.qkv));
  run.ops.attention_fwd(run.context, {.o = kept.o,
                                      .lse = kept.lse,
                                      .q = in.q,
                                      .k = in.k,
                                      .v = in.v,
                                      .qkv_stride = s.qkv_size(),
                                      .segment_starts = batch.segment_starts,
                                      .num_segments = batch.num_segments,
                                      .max_segment = batch.max_segment,
                                      .N = batch.N,
                                      .H = s.num_attention_heads,
                                      .G = s.num_kv_heads,
                                      .D = s.head_size,
                                      .scale = s.attention_scale});
  row_linear_fwd(run, w.out, y, kept.o, residual, batch.N);
}

void attention_bwd(const Run& run, const BlockWeights& w, const AttentionActivations& kept, Out dx, In dy,
                   In x, const TokenBatch& batch) {
  const ModelShape& s = run.shape;
  const int64_t N = batch.N;
  const ArenaScope scope(run.arena);
  const Out dout = run.take(N * s.query_size());
  const Out dqkv = run.take(N * s.qkv_size());
  row_linear_bwd(run, w.out, dout, dy, kept.o, N);
  const auto in = split(s, In(kept.qkv));
  const auto grad = split(s, dqkv);
  run.ops.attention_bwd(run.context, {.dq = grad.q,
                                      .dk = grad.k,
                                      .dv = grad.v,
                                      .dout = dout,
                                      .o = kept.o,
                                      .lse = kept.lse,
                                      .q = in.q,
                                      .k = in.k,
                                      .v = in.v,
                                      .qkv_stride = s.qkv_size(),
                                      .segment_starts = batch.segment_starts,
                                      .num_segments = batch.num_segments,
                                      .max_segment = batch.max_segment,
                                      .N = N,
                                      .H = s.num_attention_heads,
                                      .G = s.num_kv_heads,
                                      .D = s.head_size,
                                      .scale = s.attention_scale});
  if (turns(run))
    run.ops.rotary_bwd(run.context, {.dqkv = dqkv,
                                     .cos = run.rotary.cos,
                                     .sin = run.rotary.sin,
                                     .zeta = run.rotary.zeta,
                                     .positions = batch.positions,
                                     .head_mask = run.masks.heads,
                                     .N = N,
                                     .H = s.num_attention_heads,
                                     .G = s.num_kv_heads,
                                     .D = s.head_size});
  column_linear_bwd(run, w.qkv, dx, dqkv, x, N);
}

}  // namespace flm
