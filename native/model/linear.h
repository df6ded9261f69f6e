#pragma once
#include "model/run.h"

namespace flm {

// y = x W^T + bias, where the tensor-parallel ranks share the rows of W: x (local_rows, in), y (N, out).
void column_linear_fwd(const Run& run, const LinearWeights& w, Out y, In x, int64_t N);
// dx (local_rows, in) = dy W, summed over the ranks; the gradients of W and bias accumulate, but for that of
// W in the first micro-batch.
void column_linear_bwd(const Run& run, const LinearWeights& w, Out dx, In dy, In x, int64_t N);

// y = x W^T + bias + residual, where the ranks share the columns of W: x (N, in), y and residual
// (local_rows, out). residual is never y itself.
void row_linear_fwd(const Run& run, const LinearWeights& w, Out y, In x, In residual, int64_t N);
// dx (N, in) = dy W for dy (local_rows, out); gradients as above.
void row_linear_bwd(const Run& run, const LinearWeights& w, Out dx, In dy, In x, int64_t N);

// The two halves of row_linear_bwd, for dy (N, out) of all rows.
void input_gradient(const Run& run, const LinearWeights& w, Out dx, In dy, int64_t N);
void weight_gradients(const Run& run, const LinearWeights& w, In dy, In x, int64_t N);

}  // namespace flm
