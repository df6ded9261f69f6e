#pragma once
// What tensor-parallel ranks exchange around a pair of split products. Without sequence parallelism every
// rank has all N rows of the residual stream; with it, rank r has rows [r * N / size, (r + 1) * N / size) and
// norms and residuals are computed once (spec: Korthikanti et al. 2022, arXiv 2205.05198). Without tensor
// parallelism nothing is copied.
#include "model/run.h"

namespace flm {

// Rows of the residual stream that this rank holds of a batch of N.
int64_t local_rows(const Run& run, int64_t N);
// All N rows of x (local_rows, C): x itself, or a gathered copy in the arena.
In gather_rows(const Run& run, In x, int64_t N);
// Sums the ranks' partial results (N, C) to y (local_rows, C). y is partial where every rank holds all rows,
// and other memory where the rows are split: take_partial() gives the right one.
void reduce_rows(const Run& run, Out y, Out partial, int64_t N);
Out take_partial(const Run& run, Out y, int64_t N);

}  // namespace flm
