#pragma once
#include "core/tensor.h"

namespace flm {

// Softmax cross entropy over a vocabulary that may be split over tensor-parallel ranks, one chunk of rows at
// a time: each rank makes its rows' statistics, the ranks exchange them, and the second op finishes.
// A target of -1 is ignored (no loss, zero gradient).
struct CrossEntropyFwd {
  Out stats;   // (N, 3)  =  stat: maximum, sum of exp(logit - maximum), target's logit (0 if not held here)
  In logits;   // (N, V)     compute or stat, rows ld apart
  In targets;  // (N)        i32, global ids
  int64_t N, V, ld, vocab_start;
};

struct CrossEntropyBwd {
  Out loss;     // (N)     =  stat: -log softmax[target] in nats; 0 for ignored rows
  Out dlogits;  // (N, V)  =  compute, rows ld apart: weight * (softmax - onehot); null: losses only;
                //            may be the memory of logits
  In logits;    // (N, V)     compute or stat
  In stats;     // (shards, N, 3)  stat, of all ranks
  In targets;   // (N)        i32
  In weight;    // (N)        stat: of each row in the loss, e.g. 1 / number of targets
  int64_t N, V, ld, vocab_start, shards;
};

}  // namespace flm
