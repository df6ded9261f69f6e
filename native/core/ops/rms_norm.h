#pragma once
#include "core/tensor.h"

namespace flm {

// y = mask * gain * x * rstd,  rstd = 1 / sqrt(sum(mask x^2) / mask_sum + eps).
// During a growth ramp `mask` is 1 on inherited columns and m on new ones; null means ones.
// Source of the masked form: spec "FLM growth", section 2.5 (the weight enters the statistic once).
struct RmsNormFwd {
  Out y;            // (N, C)  =  compute
  Out rstd;         // (N)     =  stat, kept for backward
  In x;             // (N, C)     compute
  In gain;          // (C)        stat
  In mask;          // (C)        stat, or null
  double mask_sum;  // sum over mask; C when mask is null
  int64_t N, C;
  double eps;
};

struct RmsNormBwd {
  Out dx;            // (N, C)  =  compute; residual_grad is added where given
  Out dgain;         // (C)     += stat
  In dy, x;          // (N, C)     compute
  In residual_grad;  // (N, C)     compute, or null; may be the memory of dx
  In gain, rstd;     // (C), (N)   stat
  In mask;           // (C)        stat, or null
  double mask_sum;
  int64_t N, C;
};

}  // namespace flm
