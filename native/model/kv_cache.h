#pragma once
#include <vector>

#include "model/decoder.h"

namespace flm {

// Keys and values of some sequences ("lanes"), every layer of this rank; (lanes, seq_length, num_kv_heads,
// head_size) each.
struct KvCache {
  std::vector<Out> keys, values;
};

// The way of a token through the layers. Only the rank that holds the last of them computes logits.
struct LayerRelay {
  std::vector<Chunk> chunks;         // of this rank
  Communicator* pipeline = nullptr;  // the ranks that share the layers; null: all are here

  bool has_last() const { return chunks.back().is_last; }
};

// logits (V) of the token after `batch`, which begins one lane. slots (N) i32: where its keys and values go,
// lane * seq_length + position.
void prefill(const Run& run, const LayerRelay& relay, const KvCache& cache, Out logits,
             const TokenBatch& batch, In slots);

// logits (N, V) after one more token of each of the cache's first N lanes. lengths (N) i32: tokens of each
// lane, the new one included. A lane's result does not depend on the other lanes.
void decode(const Run& run, const LayerRelay& relay, const KvCache& cache, Out logits,
            const TokenBatch& batch, In slots, In lengths);

}  // namespace flm
