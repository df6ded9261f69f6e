#pragma once
#include "model/run.h"

namespace flm {

struct FfnActivations {
  Out pre;  // (N, ffn_in_size): gate and up, or up alone
  Out act;  // (N, F)
};

FfnActivations take_ffn(const Run& run, int64_t N);

// act = the activation function of pre.
void ffn_activation(const Run& run, const FfnActivations& kept, int64_t N);

// y (local_rows, C) = down(act(in(x))) + residual.
void ffn_fwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, Out y, In x, In residual,
             int64_t N);

// dx (local_rows, C) = gradient with respect to the normed input x.
void ffn_bwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, Out dx, In dy, In x,
             int64_t N);

}  // namespace flm
