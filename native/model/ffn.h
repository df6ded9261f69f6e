#pragma once
#include "model/run.h"

namespace flm {

struct FfnActivations {
  Out pre;  // (N, ffn_in_size): gate and up, or up alone
  Out act;  // (N, F)
};

FfnActivations take_ffn(const Run& run, int64_t N);

// pre = in(x), then act = the activation function of pre, then y (local_rows, C) = down(act) + residual.
void ffn_in_fwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, In x, int64_t N);
void ffn_out_fwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, Out y, In residual,
                 int64_t N);

// dx (local_rows, C) = gradient with respect to the normed input x. Where act was not kept, it is made again
// beside its gradient.
void ffn_bwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, Out dx, In dy, In x,
             int64_t N);

}  // namespace flm
