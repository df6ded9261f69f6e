#include "model/head.h"

#include <algorithm>

#include "comm/communicator.h"
#include "model/tensor_parallel.h"

namespace flm {

namespace {

// The most rows of a chunk: enough for the matrix products to run at full speed, few enough for the logits to
// stay small.
int64_t most_rows(const Run& run, int64_t N) {
  const bool host = run.context.device->host_accessible();
  // Bytes of logits: on a host no more than its caches hold.
  const int64_t budget = host ? int64_t(32) << 20 : int64_t(512) << 20;
  const int64_t row = run.shape.vocab_size * int64_t(size_of(run.types.compute));
  const int64_t least = host ? 256 : 1024, most = host ? 1024 : 8192;
  return std::min(N, std::clamp(budget / row, least, most));
}

// N rows cut evenly into chunks of at most `most`, since products of the few rows that would be left over are
// slow; a multiple of 16 where that fits, as tiles are.
int64_t even_rows(int64_t N, int64_t most) {
  const int64_t chunks = (N + most - 1) / most, rows = (N + chunks - 1) / chunks;
  return std::min(most, (rows + 15) / 16 * 16);
}

// stats (size, rows, 3) of all ranks, from this rank's own part of it.
In gather_stats(const Run& run, Out stats, int64_t rows) {
  const int64_t n = rows * 3;
  if (run.tensor.size > 1 && !run.context.measuring)
    run.tensor.group->all_gather(stats, stats.at(run.tensor.rank * n), n, run.context.stream);
  return stats;
}

// x (N, C) are all rows.
template <class PerChunk>
void for_each_chunk(const Run& run, Out losses, In x, const TokenBatch& batch, bool train,
                    PerChunk&& backward) {
  const int64_t V = run.shape.vocab_size, C = run.shape.hidden_size;
  // Memory is taken for the most: a shorter batch may have longer even chunks, never more than that.
  const int64_t most = most_rows(run, batch.N), even = even_rows(batch.N, most);
  const ArenaScope scope(run.arena);
  const Out logits = run.take(most * V);
  const Out stats = run.take_stat(run.tensor.size * most * 3);
  for (int64_t begin = 0; begin < batch.N; begin += even) {
    const int64_t rows = std::min(even, batch.N - begin);
    const In chunk = x.at(begin * C);
    head_logits(run, logits, chunk, rows);
    run.ops.cross_entropy_fwd(run.context, {.stats = stats.at(run.tensor.rank * rows * 3),
                                            .logits = logits,
                                            .targets = batch.targets.at(begin),
                                            .N = rows,
                                            .V = V,
                                            .ld = V,
                                            .vocab_start = run.tensor.vocab_begin});
    run.ops.cross_entropy_bwd(run.context, {.loss = losses.at(begin),
                                            .dlogits = train ? logits : Out{},
                                            .logits = logits,
                                            .stats = gather_stats(run, stats, rows),
                                            .targets = batch.targets.at(begin),
                                            .weight = batch.loss_weight.at(begin),
                                            .N = rows,
                                            .V = V,
                                            .ld = V,
                                            .vocab_start = run.tensor.vocab_begin,
                                            .shards = run.tensor.size});
    backward(In(logits), chunk, begin, rows);
  }
}

}  // namespace

void head_logits(const Run& run, Out logits, In x, int64_t rows) {
  const LinearWeights& w = run.weights.head;
  run.ops.matmul(run.context, {.c = logits,
                               .a = x,
                               .b = w.matrix.value,
                               .b_scales = w.scales,
                               .bias = {},
                               .residual = {},
                               .M = rows,
                               .N = w.out,
                               .K = w.in,
                               .lda = w.in,
                               .ldb = w.in,
                               .ldc = w.out,
                               .alpha = run.shape.logit_mult,
                               .transpose_b = true});
}

void head_loss(const Run& run, Out losses, In x, const TokenBatch& batch) {
  const ArenaScope scope(run.arena);
  for_each_chunk(run, losses, gather_rows(run, x, batch.N), batch, false, [](In, In, int64_t, int64_t) {});
}

void head_loss_and_grad(const Run& run, Out losses, Out dx, In x, const TokenBatch& batch) {
  const LinearWeights& w = run.weights.head;
  const double alpha = run.shape.logit_mult;
  const ArenaScope scope(run.arena);
  const In all = gather_rows(run, x, batch.N);
  const Out partial = take_partial(run, dx, batch.N);
  for_each_chunk(run, losses, all, batch, true, [&](In dlogits, In chunk, int64_t begin, int64_t rows) {
    run.ops.matmul(run.context, {.c = partial.at(begin * w.in),
                                 .a = dlogits,
                                 .b = w.matrix.value,
                                 .bias = {},
                                 .residual = {},
                                 .M = rows,
                                 .N = w.in,
                                 .K = w.out,
                                 .lda = w.out,
                                 .ldb = w.in,
                                 .ldc = w.in,
                                 .alpha = alpha});
    run.ops.matmul(run.context, {.c = w.matrix.grad,
                                 .a = dlogits,
                                 .b = chunk,
                                 .bias = {},
                                 .residual = {},
                                 .M = w.out,
                                 .N = w.in,
                                 .K = rows,
                                 .lda = w.out,
                                 .ldb = w.in,
                                 .ldc = w.in,
                                 .alpha = alpha,
                                 .transpose_a = true,
                                 .accumulate = !run.first_micro_batch || begin > 0});
  });
  reduce_rows(run, dx, partial, batch.N);
}

}  // namespace flm
