#pragma once
#include <vector>

#include "model/block.h"

namespace flm {

// Keys and values of one sequence, every layer; (seq_length, num_kv_heads, head_size) each.
struct KvCache {
  std::vector<Out> keys, values;
  int64_t length = 0;
};

// logits (V) of the token after `batch`, which begins an empty cache. slots (N) i32 = 0, 1, ... N - 1.
void prefill(const Run& run, KvCache& cache, Out logits, const TokenBatch& batch, In slots);

// logits (V) after one more token. batch.N is 1, batch.positions and `slot` hold the cache's length,
// `lengths` the length with the new token.
void decode_one(const Run& run, KvCache& cache, Out logits, const TokenBatch& batch, In slot, In lengths);

}  // namespace flm
