#pragma once
#include "core/tensor.h"

namespace flm {

// The sum of squares of many tensors, in an order that depends on nothing but their sizes.
struct NormSquared {
  Out total;             // (1)  =  f64
  const In* tensors;     // [count] on the host, stat type
  const int64_t* sizes;  // [count] on the host
  int64_t count;
};

// What AdamW reads: control[0] = factor on gradients, control[1] = 1 to apply the step, 0 to skip it because
// the norm is not finite. factor = min(1, max_norm / (norm + 1e-6)); max_norm 0 switches clipping off.
struct Clip {
  Out control;      // (2)  =  stat
  In norm_squared;  // (1)     f64
  double max_norm;
};

}  // namespace flm
