#include "model/kv_cache.h"

#include <utility>

#include "comm/communicator.h"
#include "model/embedding.h"
#include "model/head.h"
#include "model/linear.h"

namespace flm {

namespace {

void append(const Run& run, const KvCache& cache, int64_t layer, In qkv, In slots, int64_t N) {
  const ModelShape& s = run.shape;
  run.ops.kv_append(run.context, {.k_cache = cache.keys[size_t(layer)],
                                  .v_cache = cache.values[size_t(layer)],
                                  .k = qkv.at(s.query_size()),
                                  .v = qkv.at(s.query_size() + s.kv_size()),
                                  .slots = slots,
                                  .N = N,
                                  .G = s.num_kv_heads,
                                  .D = s.head_size,
                                  .kv_stride = s.qkv_size()});
}

// From the rank with the chunk before, and to the one with the chunk behind: chunks go round the ranks.
// Nothing moves while memory is being planned.
void receive(const Run& run, Communicator* pipeline, Out x, int64_t n) {
  if (run.context.measuring) return;
  pipeline->recv(x, n, (pipeline->rank() + pipeline->size() - 1) % pipeline->size(), run.context.stream);
}

void send(const Run& run, Communicator* pipeline, In x, int64_t n) {
  if (run.context.measuring) return;
  pipeline->send(x, n, (pipeline->rank() + 1) % pipeline->size(), run.context.stream);
}

// The embedding, every block by `one_block(layer, y, x)`, the final norm, and the logits of the last `rows`:
// what of that is this rank's.
template <class OneBlock>
void last_logits(const Run& run, const LayerRelay& relay, Out logits, const TokenBatch& batch, int64_t rows,
                 OneBlock&& one_block) {
  const int64_t N = batch.N, C = run.shape.hidden_size;
  const ArenaScope scope(run.arena);
  Out x = run.take(N * C), y = run.take(N * C);
  for (const Chunk& chunk : relay.chunks) {
    if (chunk.is_first)
      embed_fwd(run, x, batch);
    else
      receive(run, relay.pipeline, x, N * C);
    for (int64_t layer = chunk.blocks.begin; layer < chunk.blocks.end(); ++layer) {
      const ArenaScope block(run.arena);
      one_block(layer, y, x);
      std::swap(x, y);
    }
    if (!chunk.is_last) send(run, relay.pipeline, x, N * C);
  }
  if (!relay.has_last()) return;
  const NormActivations final_norm = take_norm(run, rows);
  norm_fwd(run, run.weights.final_norm, final_norm, x.at((N - rows) * C), rows);
  head_logits(run, logits, final_norm.y, rows);
}

void decode_attention(const Run& run, const BlockWeights& w, const KvCache& cache, int64_t layer,
                      const AttentionActivations& kept, Out y, In x, In residual, const TokenBatch& batch,
                      In slots, In lengths) {
  const ModelShape& s = run.shape;
  qkv_fwd(run, w, kept.qkv, x, batch.positions, batch.N);
  append(run, cache, layer, kept.qkv, slots, batch.N);
  run.ops.attention_decode(run.context, {.o = kept.o,
                                         .q = kept.qkv,
                                         .k_cache = cache.keys[size_t(layer)],
                                         .v_cache = cache.values[size_t(layer)],
                                         .lengths = lengths,
                                         .B = batch.N,
                                         .T = s.seq_length,
                                         .H = s.num_attention_heads,
                                         .G = s.num_kv_heads,
                                         .D = s.head_size,
                                         .q_stride = s.qkv_size(),
                                         .scale = s.attention_scale});
  row_linear_fwd(run, w.out, y, kept.o, residual, batch.N);
}

}  // namespace

void prefill(const Run& run, const LayerRelay& relay, const KvCache& cache, Out logits,
             const TokenBatch& batch, In slots) {
  last_logits(run, relay, logits, batch, 1, [&](int64_t layer, Out y, In x) {
    const BlockActivations kept = take_block(run, batch.N);
    block_fwd(run, layer, kept, y, x, batch);
    append(run, cache, layer, kept.attention.qkv, slots, batch.N);
  });
}

void decode(const Run& run, const LayerRelay& relay, const KvCache& cache, Out logits,
            const TokenBatch& batch, In slots, In lengths) {
  const int64_t N = batch.N;
  last_logits(run, relay, logits, batch, N, [&](int64_t layer, Out y, In x) {
    const BlockWeights& w = run.weights.blocks[size_t(layer)];
    const BlockActivations kept = take_block(run, N);
    norm_fwd(run, w.norm1, kept.norm1, x, N);
    decode_attention(run, w, cache, layer, kept.attention, kept.mid, kept.norm1.y, x, batch, slots, lengths);
    norm_fwd(run, w.norm2, kept.norm2, kept.mid, N);
    ffn_in_fwd(run, w, kept.ffn, kept.norm2.y, N);
    ffn_out_fwd(run, w, kept.ffn, y, kept.mid, N);
  });
}

}  // namespace flm
