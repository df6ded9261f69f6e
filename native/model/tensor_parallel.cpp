#include "model/tensor_parallel.h"

#include "comm/communicator.h"

namespace flm {

int64_t local_rows(const Run& run, int64_t N) {
  return run.tensor.sequence_parallel ? N / run.tensor.size : N;
}

In gather_rows(const Run& run, In x, int64_t N) {
  if (!run.tensor.sequence_parallel) return x;
  const int64_t C = run.shape.hidden_size;
  const Out all = run.take(N * C);
  if (!run.context.measuring)
    run.tensor.group->all_gather(all, x, N / run.tensor.size * C, run.context.stream);
  return all;
}

Out take_partial(const Run& run, Out y, int64_t N) {
  return run.tensor.sequence_parallel ? run.take(N * run.shape.hidden_size) : y;
}

void reduce_rows(const Run& run, Out y, Out partial, int64_t N) {
  if (run.tensor.size == 1 || run.context.measuring) return;
  const int64_t C = run.shape.hidden_size;
  if (run.tensor.sequence_parallel)
    run.tensor.group->reduce_scatter(y, partial, N / run.tensor.size * C, run.context.stream);
  else
    run.tensor.group->all_reduce(partial, N * C, ReduceOp::sum, run.context.stream);
}

}  // namespace flm
