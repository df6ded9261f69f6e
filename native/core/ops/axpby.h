#pragma once
#include "core/tensor.h"

namespace flm {

// y = alpha * x + beta * z. With alpha = m and beta = 1 - m it mixes a new block's output with its input
// during a growth ramp.
struct Axpby {
  Out y;  // (n)  =  compute; may be the memory of x or z
  In x;   // (n)     compute
  In z;   // (n)     compute, or null: y = alpha * x
  int64_t n;
  double alpha, beta;
};

}  // namespace flm
