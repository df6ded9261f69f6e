#pragma once
#include "model/run.h"

namespace flm {

// What a norm keeps for its backward pass; mean is null for RMSNorm.
struct NormActivations {
  Out y;           // (N, C)
  Out mean, rstd;  // (N)
};

// All of it, or all but y.
NormActivations take_norm(const Run& run, int64_t N);
NormActivations take_statistics(const Run& run, int64_t N);

void norm_fwd(const Run& run, const NormWeights& w, const NormActivations& kept, In x, int64_t N);

// dx = gradient through the norm + residual_grad (which may be the memory of dx, or null).
void norm_bwd(const Run& run, const NormWeights& w, const NormActivations& kept, Out dx, In dy, In x,
              In residual_grad, int64_t N);

}  // namespace flm
