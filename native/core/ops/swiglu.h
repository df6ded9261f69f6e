#pragma once
#include "core/tensor.h"

namespace flm {

// y = mask * silu(gate) * up, where a row of gate_up holds gate (F) and then up (F).
// Source: arXiv 2002.05202. `mask` during a growth ramp: 1 on inherited columns, m on new ones.
struct SwigluFwd {
  Out y;       // (N, F)   =  compute
  In gate_up;  // (N, 2F)     compute
  In mask;     // (F)         stat, or null
  int64_t N, F;
};

struct SwigluBwd {
  Out dgate_up;  // (N, 2F)  =  compute; may be the memory of gate_up
  Out y;         // (N, F)   =  compute: the forward pass's output once more, with its bits
  In dy;         // (N, F)      compute
  In gate_up;    // (N, 2F)     compute
  In mask;       // (F)         stat, or null
  int64_t N, F;
};

}  // namespace flm
