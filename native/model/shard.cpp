#include "model/shard.h"

#include <algorithm>

#include "core/error.h"

namespace flm {

namespace {

void check_divides(const char* name, int64_t size, int64_t ranks) {
  FLM_CHECK(size % ranks == 0, ErrorCode::invalid_argument, name, " is ", size,
            ", which tensor_parallel_size ", ranks, " does not divide");
}

}  // namespace

Shard whole_model(const ModelShape& shape) {
  Shard shard;
  shard.chunks = {{0, shape.num_layers}};
  return shard;
}

Range vocab_range(const ModelShape& shape, const Shard& shard) {
  const int64_t block = (shape.vocab_size + shard.tensor_size - 1) / shard.tensor_size;
  const int64_t begin = std::min(shape.vocab_size, block * shard.tensor_rank);
  return {begin, std::min(block, shape.vocab_size - begin)};
}

Range kv_group_range(const ModelShape& shape, const Shard& shard) {
  const int64_t groups = shape.num_kv_heads, ranks = shard.tensor_size;
  if (groups < ranks) return {shard.tensor_rank * groups / ranks, 1};
  return {groups / ranks * shard.tensor_rank, groups / ranks};
}

int64_t kv_replicas(const ModelShape& shape, const Shard& shard) {
  return std::max<int64_t>(1, shard.tensor_size / shape.num_kv_heads);
}

ModelShape local_shape(const ModelShape& shape, const Shard& shard) {
  const int64_t ranks = shard.tensor_size;
  check_divides("num_attention_heads", shape.num_attention_heads, ranks);
  check_divides("ffn_hidden_size", shape.ffn_hidden_size, ranks);
  if (shard.sequence_parallel) check_divides("seq_length", shape.seq_length, ranks);
  if (shape.num_kv_heads >= ranks) {
    check_divides("num_kv_heads", shape.num_kv_heads, ranks);
  } else {
    FLM_CHECK(ranks % shape.num_kv_heads == 0, ErrorCode::invalid_argument, "num_kv_heads is ",
              shape.num_kv_heads, ", which does not divide tensor_parallel_size ", ranks);
  }
  ModelShape local = shape;
  local.num_attention_heads /= ranks;
  local.num_kv_heads = kv_group_range(shape, shard).count;
  local.ffn_hidden_size /= ranks;
  local.vocab_size = vocab_range(shape, shard).count;
  FLM_CHECK(local.vocab_size > 0, ErrorCode::invalid_argument, "vocab_size ", shape.vocab_size,
            " leaves tensor-parallel rank ", shard.tensor_rank, " of ", ranks, " without a row");
  local.num_layers = 0;
  for (const Range& chunk : shard.chunks) local.num_layers += chunk.count;
  return local;
}

}  // namespace flm
