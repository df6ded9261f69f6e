#pragma once
#include "core/tensor.h"

namespace flm {

// One parameter tensor. `master` is what is trained; `working` is its copy in the compute type, or null.
struct AdamwTensor {
  Out master;               // (size)  = from its old value; stat
  Out exp_avg, exp_avg_sq;  // (size)  = from their old values; stat or bf16
  Out working;              // (size)  = rounded from master; compute, or null
  In grad;                  // (size)     stat
  int64_t size;
  double lr, weight_decay;
  double bias_correction1, bias_correction2;  // 1 - beta^step of this tensor
};

// AdamW with decoupled decay (arXiv 1711.05101): p -= lr * (m' / (sqrt(v') + eps) + weight_decay * p).
struct Adamw {
  const AdamwTensor* tensors;  // [count] on the host
  int64_t count;
  In control;  // (2)  stat, from clip: gradient factor, and 0 where the step must be skipped
  double beta1, beta2, eps;
};

}  // namespace flm
