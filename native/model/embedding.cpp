#include "model/embedding.h"

#include "model/tensor_parallel.h"

namespace flm {

namespace {

// `rows` are the table's. Only those whose ids occur are written: what nobody has written before is cleared.
void table_bwd(const Run& run, const Weight& table, int64_t rows, In dx, const TokenBatch::Sorted& sorted,
               double scale) {
  const bool is_head = table.grad.data == run.weights.head.matrix.grad.data;
  if (run.first_micro_batch && !is_head && !run.context.measuring)
    run.context.device->fill_zero(table.grad.data,
                                  size_t(rows * run.shape.hidden_size) * size_of(table.grad.dtype),
                                  run.context.stream);
  run.ops.embedding_bwd(run.context, {.dweight = table.grad,
                                      .dx = dx,
                                      .order = sorted.order,
                                      .ids = sorted.ids,
                                      .starts = sorted.starts,
                                      .U = sorted.distinct,
                                      .C = run.shape.hidden_size,
                                      .scale = scale});
}

}  // namespace

void embed_fwd(const Run& run, Out x, const TokenBatch& batch) {
  const ArenaScope scope(run.arena);
  const Out partial = take_partial(run, x, batch.N);
  run.ops.embedding_fwd(run.context,
                        {.x = partial,
                         .weight = run.weights.embedding.value,
                         // Everybody's table, so that only one rank may add it.
                         .position_weight = run.tensor.rank == 0 ? run.weights.position.value : In{},
                         .tokens = batch.tokens,
                         .positions = batch.positions,
                         .N = batch.N,
                         .C = run.shape.hidden_size,
                         .V = run.shape.vocab_size,
                         .vocab_start = run.tensor.vocab_begin,
                         .scale = run.shape.input_mult});
  reduce_rows(run, x, partial, batch.N);
}

void embed_bwd(const Run& run, In dx, const TokenBatch& batch) {
  const ArenaScope scope(run.arena);
  const In all = gather_rows(run, dx, batch.N);
  const double shrink = run.shape.embedding_grad_mult;
  table_bwd(run, run.weights.embedding, run.shape.vocab_size, all, batch.by_token,
            run.shape.input_mult * shrink);
  if (run.weights.position.value)
    table_bwd(run, run.weights.position, run.shape.seq_length, all, batch.by_position, shrink);
}

}  // namespace flm
