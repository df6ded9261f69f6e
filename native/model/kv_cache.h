#pragma once
#include <vector>

#include "model/block.h"

namespace flm {

// Keys and values of some sequences ("lanes"), every layer; (lanes, seq_length, num_kv_heads, head_size)
// each.
struct KvCache {
  std::vector<Out> keys, values;
};

// logits (V) of the token after `batch`, which begins one lane. slots (N) i32: where its keys and values go,
// lane * seq_length + position.
void prefill(const Run& run, const KvCache& cache, Out logits, const TokenBatch& batch, In slots);

// logits (N, V) after one more token of each of the cache's first N lanes. lengths (N) i32: tokens of each
// lane, the new one included. A lane's result does not depend on the other lanes.
void decode(const Run& run, const KvCache& cache, Out logits, const TokenBatch& batch, In slots, In lengths);

}  // namespace flm
