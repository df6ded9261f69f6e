#pragma once
#include "core/tensor.h"

namespace flm {

// Causal attention within segments (documents, or whole sequences) that lie one after another along N.
// Query head h reads key/value head h / (H / G). Scores are never materialised as (T, T).
// Source: FlashAttention-2, arXiv 2307.08691.
struct AttentionFwd {
  Out o;                              // (N, H, D)  =  compute, rows contiguous
  Out lse;                            // (H, N)     =  stat: natural log of the sum of exp(scale * score)
  In q, k, v;                         // (N, H, D), (N, G, D), (N, G, D)  compute
  int64_t qkv_stride;                 // elements from one token to the next in q, k and v
  In segment_starts;                  // (num_segments + 1)  i32: first token of each, and N
  int64_t num_segments, max_segment;  // how many, and the longest
  int64_t N, H, G, D;
  double scale;
};

struct AttentionBwd {
  Out dq, dk, dv;  // as q, k, v, rows qkv_stride apart  =
  In dout, o;      // (N, H, D)  compute
  In lse;          // (H, N)     stat
  In q, k, v;
  int64_t qkv_stride;  // of q, k, v and of dq, dk, dv
  In segment_starts;
  int64_t num_segments, max_segment;
  int64_t N, H, G, D;
  double scale;
};

}  // namespace flm
