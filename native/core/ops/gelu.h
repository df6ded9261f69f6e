#pragma once
#include "core/tensor.h"

namespace flm {

// y = gelu(mask * x), tanh form: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
// The mask is applied before the activation (spec "FLM growth", section 2.4), since gelu(0) = 0.
struct GeluFwd {
  Out y;    // (N, F)  =  compute
  In x;     // (N, F)     compute
  In mask;  // (F)        stat, or null
  int64_t N, F;
};

struct GeluBwd {
  Out dx;   // (N, F)  =  compute; may be the memory of dy
  Out y;    // (N, F)  =  compute: the forward pass's output once more, with its bits
  In dy;    // (N, F)     compute
  In x;     // (N, F)     compute
  In mask;  // (F)        stat, or null
  int64_t N, F;
};

}  // namespace flm
