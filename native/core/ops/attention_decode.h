#pragma once
#include "core/tensor.h"

namespace flm {

// Attention of one new token of each sequence over its key/value cache (the new token included).
struct AttentionDecode {
  Out o;                // (B, H, D)  =  compute
  In q;                 // (B, H, D)  compute, rows q_stride apart
  In k_cache, v_cache;  // (B, T, G, D)  compute
  In lengths;           // (B)  i32: cached tokens of each sequence, the new one included
  int64_t B, T, H, G, D, q_stride;
  double scale;
};

}  // namespace flm
