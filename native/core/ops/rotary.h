#pragma once
#include "core/tensor.h"

namespace flm {

// Rotary position embedding of the query and key heads inside a packed qkv, in place; with `zeta` xPos.
// Pairs are half-split: component i turns with component i + D/2. With n the row's position:
//   q' = mask * zeta[n] * R(n) q      k' = mask / zeta[n] * R(n) k      v' = mask * v
// Source: RoPE, arXiv 2104.09864; xPos, arXiv 2212.10554; spec "FLM", section 1.3. Null tables: only the
// mask.
struct RotaryFwd {
  Out qkv;       // (N, H + 2G, D)  = from its old values; compute; heads in the order q, k, v
  In cos, sin;   // (T, D/2)  stat, or both null
  In zeta;       // (T, D/2)  stat, zeta_i to the power e_n; null for plain RoPE
  In positions;  // (N)       i32, rows of the tables
  In head_mask;  // (H + 2G)  stat, or null: 1 for inherited heads, m for new ones
  int64_t N, H, G, D;
};

// The transpose of the same linear map, on gradients.
struct RotaryBwd {
  Out dqkv;  // (N, H + 2G, D)  = from its old values; compute
  In cos, sin;
  In zeta;
  In positions;
  In head_mask;
  int64_t N, H, G, D;
};

}  // namespace flm
