#pragma once
#include <vector>

#include "core/tensor.h"

namespace flm {

// The masks of a growth ramp at one m: 1 for inherited indices, m for new ones. Null views outside a ramp,
// when the plain kernels run.
struct GrowthMaskViews {
  In hidden;  // (hidden_size) stat
  double hidden_sum = 0;
  In ffn;    // (ffn_hidden_size) stat
  In heads;  // (num_attention_heads + 2 * num_kv_heads) stat, in the order of a packed qkv
  // (num_layers) weight of each block's output against its input; empty: all 1.
  std::vector<double> layer_mix;

  bool mixes(int64_t layer) const { return !layer_mix.empty() && layer_mix[size_t(layer)] >= 0; }
};

}  // namespace flm
