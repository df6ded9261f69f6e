#include "model/decoder.h"

#include <utility>
#include <vector>

#include "model/head.h"

namespace flm {

namespace {

void embedding_fwd(const Run& run, Out x, const TokenBatch& batch) {
  run.ops.embedding_fwd(run.context, {.x = x,
                                      .weight = run.weights.embedding.value,
                                      .position_weight = run.weights.position.value,
                                      .tokens = batch.tokens,
                                      .positions = batch.positions,
                                      .N = batch.N,
                                      .C = run.shape.hidden_size,
                                      .V = run.shape.vocab_size,
                                      .vocab_start = 0,
                                      .scale = run.shape.input_mult});
}

void embedding_bwd(const Run& run, const Weight& table, In dx, const TokenBatch::Sorted& sorted,
                   double scale) {
  run.ops.embedding_bwd(run.context, {.dweight = table.grad,
                                      .dx = dx,
                                      .order = sorted.order,
                                      .ids = sorted.ids,
                                      .starts = sorted.starts,
                                      .U = sorted.distinct,
                                      .C = run.shape.hidden_size,
                                      .scale = scale});
}

// The final norm's output of a forward pass that keeps nothing for a backward pass.
In forward_only(const Run& run, const TokenBatch& batch) {
  const int64_t size = batch.N * run.shape.hidden_size;
  const NormActivations final_norm = take_norm(run, batch.N);
  const ArenaScope scope(run.arena);
  Out x = run.take(size), y = run.take(size);
  embedding_fwd(run, x, batch);
  for (int64_t layer = 0; layer < run.shape.num_layers; ++layer) {
    const ArenaScope block(run.arena);
    block_fwd(run, layer, take_block(run, batch.N), y, x, batch);
    std::swap(x, y);
  }
  norm_fwd(run, run.weights.final_norm, final_norm, x, batch.N);
  return final_norm.y;
}

}  // namespace

void train_micro_batch(const Run& run, bool recompute, Out losses, const TokenBatch& batch) {
  const int64_t N = batch.N, L = run.shape.num_layers, size = N * run.shape.hidden_size;
  const ArenaScope scope(run.arena);

  std::vector<Out> x;                  // the input of every block, and the last one's output
  std::vector<BlockActivations> kept;  // of every block; empty with recompute
  x.push_back(run.take(size));
  embedding_fwd(run, x[0], batch);
  for (int64_t layer = 0; layer < L; ++layer) {
    x.push_back(run.take(size));
    if (!recompute) kept.push_back(take_block(run, N));
    const ArenaScope block(run.arena);
    block_fwd(run, layer, recompute ? take_block(run, N) : kept.back(), x.back(), x[size_t(layer)], batch);
  }

  const Out dx = run.take(size);
  {
    const ArenaScope head(run.arena);
    const NormActivations final_norm = take_norm(run, N);
    const Out dnorm = run.take(size);
    norm_fwd(run, run.weights.final_norm, final_norm, x.back(), N);
    head_loss_and_grad(run, losses, dnorm, final_norm.y, batch);
    norm_bwd(run, run.weights.final_norm, final_norm, dx, dnorm, x.back(), {}, N);
  }

  for (int64_t layer = L - 1; layer >= 0; --layer) {
    const ArenaScope block(run.arena);
    const In input = x[size_t(layer)];
    BlockActivations again;
    if (recompute) {
      again = take_block(run, N);
      block_fwd(run, layer, again, run.take(size), input, batch);
    }
    block_bwd(run, layer, recompute ? again : kept[size_t(layer)], dx, dx, input, batch);
  }
  embedding_bwd(run, run.weights.embedding, dx, batch.by_token, run.shape.input_mult);
  if (run.weights.position.value) embedding_bwd(run, run.weights.position, dx, batch.by_position, 1);
}

void evaluate_micro_batch(const Run& run, Out losses, const TokenBatch& batch) {
  const ArenaScope scope(run.arena);
  head_loss(run, losses, forward_only(run, batch), batch);
}

void logits_of(const Run& run, Out logits, const TokenBatch& batch) {
  const ArenaScope scope(run.arena);
  head_logits(run, logits, forward_only(run, batch), batch.N);
}

}  // namespace flm
