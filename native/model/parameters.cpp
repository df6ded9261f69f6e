#include "model/parameters.h"

#include <algorithm>

#include "core/error.h"
#include "model/int8_layout.h"

namespace flm {

namespace {

constexpr int64_t kAlignElements = 128;  // 256 bytes of bf16

int64_t padded(int64_t elements, int64_t to) { return (elements + to - 1) / to * to; }

// How the tensor-parallel ranks share one axis of a tensor.
struct Split {
  Range held;            // the indices that this rank holds
  int64_t replicas = 1;  // ranks that hold the same ones
  PartialGradient partial = PartialGradient::none;
};

class LayoutBuilder {
 public:
  LayoutBuilder(const Shard& shard, int64_t data_size) : shard_(shard) { layout_.data_size = data_size; }

  Split even(int64_t size) const {
    const int64_t part = size / shard_.tensor_size;
    return {{part * shard_.tensor_rank, part}, 1};
  }
  Split whole(int64_t size) const { return {{0, size}, shard_.tensor_size}; }
  Split norm(int64_t size) const {
    return {{0, size},
            shard_.tensor_size,
            shard_.sequence_parallel ? PartialGradient::sequence : PartialGradient::none};
  }
  Split groups(const ModelShape& shape) const {
    const Range held = kv_group_range(shape, shard_);
    const int64_t replicas = kv_replicas(shape, shard_);
    return {{held.begin * shape.head_size, held.count * shape.head_size},
            replicas,
            replicas > 1 ? PartialGradient::kv_group : PartialGradient::none};
  }

  // `joined` follows the previous tensor without a gap, so that the two read as one.
  void rows_split(const std::string& name, int64_t rows, int64_t cols, const Split& split,
                  bool joined = false) {
    matrix(name, rows, cols, {split.held.begin, split.held.count, 0, cols}, split, joined);
  }
  void cols_split(const std::string& name, int64_t rows, int64_t cols, const Split& split) {
    matrix(name, rows, cols, {0, rows, split.held.begin, split.held.count}, split, false);
  }
  void vector(const std::string& name, int64_t size, const Split& split, bool joined = false) {
    if (!joined) layout_.vector_total = padded(layout_.vector_total, kAlignElements);
    Parameter p{name, 1, size, {0, 1, split.held.begin, split.held.count}};
    p.offset = layout_.vector_total;
    layout_.vector_total += p.size();
    add(std::move(p), split);
  }
  // Ends the bucket of all matrices since the last call.
  void end_bucket() {
    const int64_t begin = layout_.buckets.empty() ? 0 : layout_.buckets.back().end();
    layout_.matrix_total = begin + padded(layout_.matrix_total - begin, kAlignElements * layout_.data_size);
    if (layout_.matrix_total > begin) layout_.buckets.push_back({begin, layout_.matrix_total - begin});
  }
  void end_block() {
    layout_.block_buckets.push_back(int64_t(layout_.buckets.size()));
    end_bucket();
  }
  void end_head() {
    layout_.head_bucket = int64_t(layout_.buckets.size());
    end_bucket();
  }
  ParameterLayout finish() {
    layout_.vector_total = padded(layout_.vector_total, kAlignElements);
    return std::move(layout_);
  }

 private:
  void matrix(const std::string& name, int64_t rows, int64_t cols, const Box& box, const Split& split,
              bool joined) {
    if (!joined) layout_.matrix_total = padded(layout_.matrix_total, kAlignElements);
    Parameter p{name, rows, cols, box};
    p.is_matrix = true;
    p.offset = layout_.matrix_total;
    p.bucket = int64_t(layout_.buckets.size());
    layout_.matrix_total += p.size();
    add(std::move(p), split);
  }
  void add(Parameter p, const Split& split) {
    p.replicas = split.replicas;
    p.replica = shard_.tensor_rank % split.replicas;
    p.partial = split.partial;
    layout_.parameters.push_back(std::move(p));
  }

  const Shard& shard_;
  ParameterLayout layout_;
};

void add_norm(LayoutBuilder& to, const ModelShape& shape, const std::string& name) {
  const Split split = to.norm(shape.hidden_size);
  to.vector(name + ".gain", shape.hidden_size, split);
  if (shape.norm == NormKind::layer_norm) to.vector(name + ".bias", shape.hidden_size, split);
}

void add_block(LayoutBuilder& to, const ModelShape& s, const std::string& name) {
  const int64_t C = s.hidden_size, F = s.ffn_hidden_size;
  const Split query = to.even(s.query_size()), kv = to.groups(s), ffn = to.even(F);
  add_norm(to, s, name + ".norm1");
  to.rows_split(name + ".attention.q.weight", s.query_size(), C, query);
  to.rows_split(name + ".attention.k.weight", s.kv_size(), C, kv, true);
  to.rows_split(name + ".attention.v.weight", s.kv_size(), C, kv, true);
  if (s.bias) {
    to.vector(name + ".attention.q.bias", s.query_size(), query);
    to.vector(name + ".attention.k.bias", s.kv_size(), kv, true);
    to.vector(name + ".attention.v.bias", s.kv_size(), kv, true);
  }
  to.cols_split(name + ".attention.out.weight", C, s.query_size(), query);
  if (s.bias) to.vector(name + ".attention.out.bias", C, to.whole(C));
  add_norm(to, s, name + ".norm2");
  const bool gated = s.activation == Activation::swiglu;
  if (gated) to.rows_split(name + ".ffn.gate.weight", F, C, ffn);
  to.rows_split(name + ".ffn.up.weight", F, C, ffn, gated);
  if (s.bias) {
    if (gated) to.vector(name + ".ffn.gate.bias", F, ffn);
    to.vector(name + ".ffn.up.bias", F, ffn, gated);
  }
  to.cols_split(name + ".ffn.down.weight", C, F, ffn);
  if (s.bias) to.vector(name + ".ffn.down.bias", C, to.whole(C));
  to.end_block();
}

std::string block_name(int64_t layer) { return "layers." + std::to_string(layer); }

}  // namespace

const Parameter& ParameterLayout::find(const std::string& name) const {
  for (const Parameter& parameter : parameters)
    if (parameter.name == name) return parameter;
  fail(ErrorCode::invalid_argument, "this model has no parameter named ", name);
}

ParameterLayout::Owned ParameterLayout::owned(const Parameter& matrix, int64_t data_rank) const {
  const Range& bucket = buckets[size_t(matrix.bucket)];
  const int64_t slice = bucket.count / data_size, first = bucket.begin + data_rank * slice;
  const int64_t begin = std::max(first, matrix.offset);
  const int64_t end = std::min(first + slice, matrix.offset + matrix.size());
  return {{begin - matrix.offset, std::max<int64_t>(0, end - begin)},
          bucket.begin / data_size + begin - first};
}

ParameterLayout parameter_layout(const ModelShape& shape, const Shard& shard, int64_t data_size) {
  LayoutBuilder to(shard, data_size);
  const int64_t C = shape.hidden_size, V = shape.vocab_size;
  const Split vocab{vocab_range(shape, shard), 1};
  if (shard.is_first || (shard.is_last && shape.tie_embeddings))
    to.rows_split("embedding.weight", V, C, vocab);
  if (shard.is_first && shape.position == PositionKind::learned)
    to.rows_split("position.weight", shape.seq_length, C, to.whole(shape.seq_length));
  to.end_bucket();
  for (const Range& chunk : shard.chunks)
    for (int64_t layer = chunk.begin; layer < chunk.end(); ++layer) add_block(to, shape, block_name(layer));
  if (shard.is_last) {
    add_norm(to, shape, "final_norm");
    if (!shape.tie_embeddings) {
      to.rows_split("head.weight", V, C, vocab);
      to.end_head();
    }
  }
  return to.finish();
}

StageWeights stage_weights(const ModelShape& shape, const Shard& shard, const ParameterLayout& layout,
                           const ParameterBuffers& buffers) {
  const auto weight = [&](const std::string& name) {
    const Parameter& p = layout.find(name);
    const Out grads = p.is_matrix ? buffers.matrix_grads : buffers.vector_grads;
    return Weight{(p.is_matrix ? buffers.matrices : buffers.vectors).at(p.offset),
                  grads ? grads.at(p.offset) : Out{}};
  };
  const auto norm = [&](const std::string& name) {
    NormWeights w{weight(name + ".gain"), {}};
    if (shape.norm == NormKind::layer_norm) w.bias = weight(name + ".bias");
    return w;
  };
  const auto product = [&](const std::string& name, int64_t in, int64_t out) {
    if (!buffers.int8) return LinearWeights{weight(name), {}, in, out};
    const auto& place = buffers.int8->places.at(name);
    const Weight matrix{buffers.int8_values.at(place.values), {}};
    return LinearWeights{matrix, {}, in, out, buffers.int8_scales.at(place.scales)};
  };
  const auto linear = [&](const std::string& first, int64_t in, int64_t out) {
    LinearWeights w = product(first + ".weight", in, out);
    if (shape.bias) w.bias = weight(first + ".bias");
    return w;
  };

  StageWeights all;
  const ModelShape local = local_shape(shape, shard);
  const int64_t C = shape.hidden_size, F = local.ffn_hidden_size;
  if (shard.is_first) all.embedding = weight("embedding.weight");
  if (shard.is_first && shape.position == PositionKind::learned) all.position = weight("position.weight");
  for (const Range& chunk : shard.chunks)
    for (int64_t layer = chunk.begin; layer < chunk.end(); ++layer) {
      const std::string name = block_name(layer);
      const bool gated = shape.activation == Activation::swiglu;
      all.blocks.push_back({
          .norm1 = norm(name + ".norm1"),
          .norm2 = norm(name + ".norm2"),
          .qkv = linear(name + ".attention.q", C, local.qkv_size()),
          .out = linear(name + ".attention.out", local.query_size(), C),
          .ffn_in = linear(name + (gated ? ".ffn.gate" : ".ffn.up"), C, local.ffn_in_size()),
          .ffn_out = linear(name + ".ffn.down", F, C),
      });
    }
  if (shard.is_last) {
    all.final_norm = norm("final_norm");
    all.head = product(shape.tie_embeddings ? "embedding.weight" : "head.weight", C, local.vocab_size);
  }
  return all;
}

}  // namespace flm
