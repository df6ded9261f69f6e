#pragma once
#include <vector>

#include "model/shape.h"

namespace flm {

struct Range {
  int64_t begin = 0, count = 0;

  int64_t end() const { return begin + count; }
};

// The part of a model that one rank holds: every matrix is split over the tensor-parallel ranks, the layers
// are split into the pipeline's chunks.
struct Shard {
  int64_t tensor_size = 1, tensor_rank = 0;
  bool sequence_parallel = false;  // norms and the residual stream hold 1 / tensor_size of the rows
  std::vector<Range> chunks;       // layers of each of this rank's chunks, in the order of the model
  bool is_first = true;            // the first chunk begins the model: it looks tokens up
  bool is_last = true;             // the last chunk ends it: final norm and head
};

Shard whole_model(const ModelShape& shape);

// Rows of the embedding and of the head that a rank holds: blocks of ceil(vocab / size), the last one
// shorter.
Range vocab_range(const ModelShape& shape, const Shard& shard);
// Key/value groups that a rank holds; where there are fewer groups than ranks, neighbours share one.
Range kv_group_range(const ModelShape& shape, const Shard& shard);
// Tensor-parallel ranks that hold the same key/value group.
int64_t kv_replicas(const ModelShape& shape, const Shard& shard);

// The shape of what this rank computes: its heads, its part of the FFN, its rows of the vocabulary, its
// layers. Throws Error(invalid_argument) where a size does not divide, naming both numbers.
ModelShape local_shape(const ModelShape& shape, const Shard& shard);

}  // namespace flm
