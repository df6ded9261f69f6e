#pragma once
#include "model/run.h"

namespace flm {

// y (N, out) = x (N, in) W^T + bias + residual. residual (N, out) may be null, and is never y itself.
void linear_fwd(const Run& run, const LinearWeights& w, Out y, In x, In residual, int64_t N);

// dx (N, in) = dy W where dx is given; the gradients of W and bias accumulate.
void linear_bwd(const Run& run, const LinearWeights& w, Out dx, In dy, In x, int64_t N);

}  // namespace flm
