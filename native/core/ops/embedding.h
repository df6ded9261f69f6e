#pragma once
#include "core/tensor.h"

namespace flm {

// x = scale * weight[token] + position_weight[position]. Tokens outside [vocab_start, vocab_start + V) give
// zero for the first term: they belong to another tensor-parallel rank. A backend that reads masters
// (Backend::reads_masters) takes weights of f32 for an x of bf16, each rounded to bf16.
struct EmbeddingFwd {
  Out x;               // (N, C)  =  compute
  In weight;           // (V, C)     compute
  In position_weight;  // (T, C)     compute, or null
  In tokens;           // (N)        i32
  In positions;        // (N)        i32; unused when position_weight is null
  int64_t N, C, V, vocab_start;
  double scale;
};

// dweight[ids[u]] += scale * sum of the rows dx[order[j]], j in [starts[u], starts[u + 1]).
// The host sorts the tokens once (stable), so that sums have one fixed order and no atomics are needed.
// The same op serves the position table.
struct EmbeddingBwd {
  Out dweight;  // (V, C)   += stat
  In dx;        // (N, C)      compute
  In order;     // (N)         i32: rows of dx, sorted by id
  In ids;       // (U)         i32: distinct ids that this rank holds, local (0..V-1)
  In starts;    // (U + 1)     i32: where each id's rows begin in `order`
  int64_t U, C;
  double scale;
};

}  // namespace flm
