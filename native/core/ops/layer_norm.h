#pragma once
#include "core/tensor.h"

namespace flm {

// y = mask * ((x - mean) * rstd * gain + bias), with mean and variance weighted by mask and divided by
// mask_sum. During a growth ramp `mask` is 1 on inherited columns and m on new ones; null means ones.
// Source of the masked form: spec "FLM growth", section 2.5 (as released with MSG).
struct LayerNormFwd {
  Out y;            // (N, C)  =  compute
  Out mean, rstd;   // (N)     =  stat, kept for backward
  In x;             // (N, C)     compute
  In gain, bias;    // (C)        stat
  In mask;          // (C)        stat, or null
  double mask_sum;  // sum over mask; C when mask is null
  int64_t N, C;
  double eps;
};

struct LayerNormBwd {
  Out dx;               // (N, C)  =  compute; residual_grad is added where given
  Out dgain, dbias;     // (C)     += stat
  In dy, x;             // (N, C)     compute
  In residual_grad;     // (N, C)     compute, or null; may be the memory of dx
  In gain, mean, rstd;  // (C), (N), (N)  stat
  In mask;              // (C)        stat, or null
  double mask_sum;
  int64_t N, C;
};

}  // namespace flm
