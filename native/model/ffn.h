#pragma once
#include "model/run.h"

namespace flm {

// What the activation function makes is not kept: its gradient makes it again in passing.
struct FfnActivations {
  Out pre;  // (N, ffn_in_size): gate and up, or up alone
};

FfnActivations take_ffn(const Run& run, int64_t N);

// pre = in(x), then y (local_rows, C) = out(act(pre)) + residual.
void ffn_in_fwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, In x, int64_t N);
void ffn_out_fwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, Out y, In residual,
                 int64_t N);

// dx (local_rows, C) = gradient with respect to the normed input x.
void ffn_bwd(const Run& run, const BlockWeights& w, const FfnActivations& kept, Out dx, In dy, In x,
             int64_t N);

}  // namespace flm
