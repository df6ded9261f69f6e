#pragma once
#include "core/tensor.h"

namespace flm {

// Writes the keys and values of new tokens into their places of the cache.
struct KvAppend {
  Out k_cache, v_cache;  // (slots, G, D)  = at the named slots; compute
  In k, v;               // (N, G, D)  compute, rows kv_stride apart
  In slots;              // (N)  i32: sequence * T + position
  int64_t N, G, D, kv_stride;
};

}  // namespace flm
