#include "model/parameters.h"

#include "core/error.h"

namespace flm {

namespace {

constexpr int64_t kAlignElements = 128;  // 256 bytes of bf16

class LayoutBuilder {
 public:
  void matrix(const std::string& name, int64_t rows, int64_t cols) {
    place({name, rows, cols, 0, true}, true);
  }
  void vector(const std::string& name, int64_t size) { place({name, 1, size, 0, false}, true); }
  // Follows the previous tensor without a gap, so that the two read as one.
  void joined_matrix(const std::string& name, int64_t rows, int64_t cols) {
    place({name, rows, cols, 0, true}, false);
  }
  void joined_vector(const std::string& name, int64_t size) { place({name, 1, size, 0, false}, false); }

  ParameterLayout finish() {
    align();
    return std::move(layout_);
  }

 private:
  void align() { layout_.total = (layout_.total + kAlignElements - 1) / kAlignElements * kAlignElements; }
  void place(Parameter parameter, bool aligned) {
    if (aligned) align();
    parameter.offset = layout_.total;
    layout_.total += parameter.size();
    layout_.parameters.push_back(std::move(parameter));
  }
  ParameterLayout layout_;
};

void add_norm(LayoutBuilder& to, const ModelShape& shape, const std::string& name) {
  to.vector(name + ".gain", shape.hidden_size);
  if (shape.norm == NormKind::layer_norm) to.vector(name + ".bias", shape.hidden_size);
}

void add_block(LayoutBuilder& to, const ModelShape& s, const std::string& name) {
  const int64_t C = s.hidden_size, F = s.ffn_hidden_size;
  add_norm(to, s, name + ".norm1");
  to.matrix(name + ".attention.q.weight", s.query_size(), C);
  to.joined_matrix(name + ".attention.k.weight", s.kv_size(), C);
  to.joined_matrix(name + ".attention.v.weight", s.kv_size(), C);
  if (s.bias) {
    to.vector(name + ".attention.q.bias", s.query_size());
    to.joined_vector(name + ".attention.k.bias", s.kv_size());
    to.joined_vector(name + ".attention.v.bias", s.kv_size());
  }
  to.matrix(name + ".attention.out.weight", C, s.query_size());
  if (s.bias) to.vector(name + ".attention.out.bias", C);
  add_norm(to, s, name + ".norm2");
  const bool gated = s.activation == Activation::swiglu;
  if (gated) {
    to.matrix(name + ".ffn.gate.weight", F, C);
    to.joined_matrix(name + ".ffn.up.weight", F, C);
    if (s.bias) {
      to.vector(name + ".ffn.gate.bias", F);
      to.joined_vector(name + ".ffn.up.bias", F);
    }
  } else {
    to.matrix(name + ".ffn.up.weight", F, C);
    if (s.bias) to.vector(name + ".ffn.up.bias", F);
  }
  to.matrix(name + ".ffn.down.weight", C, F);
  if (s.bias) to.vector(name + ".ffn.down.bias", C);
}

std::string block_name(int64_t layer) { return "layers." + std::to_string(layer); }

}  // namespace

const Parameter& ParameterLayout::find(const std::string& name) const {
  for (const Parameter& parameter : parameters)
    if (parameter.name == name) return parameter;
  fail(ErrorCode::invalid_argument, "this model has no parameter named ", name);
}

ParameterLayout parameter_layout(const ModelShape& shape) {
  LayoutBuilder to;
  to.matrix("embedding.weight", shape.vocab_size, shape.hidden_size);
  if (shape.position == PositionKind::learned)
    to.matrix("position.weight", shape.seq_length, shape.hidden_size);
  for (int64_t layer = 0; layer < shape.num_layers; ++layer) add_block(to, shape, block_name(layer));
  add_norm(to, shape, "final_norm");
  if (!shape.tie_embeddings) to.matrix("head.weight", shape.vocab_size, shape.hidden_size);
  return to.finish();
}

StageWeights stage_weights(const ModelShape& shape, const ParameterLayout& layout, In working, In master,
                           Out grad) {
  const auto weight = [&](const std::string& name) {
    const Parameter& p = layout.find(name);
    return Weight{(p.is_matrix ? working : master).at(p.offset), grad ? grad.at(p.offset) : Out{}};
  };
  const auto norm = [&](const std::string& name) {
    NormWeights w{weight(name + ".gain"), {}};
    if (shape.norm == NormKind::layer_norm) w.bias = weight(name + ".bias");
    return w;
  };
  const auto linear = [&](const std::string& first, int64_t in, int64_t out) {
    LinearWeights w{weight(first + ".weight"), {}, in, out};
    if (shape.bias) w.bias = weight(first + ".bias");
    return w;
  };

  StageWeights all;
  const int64_t C = shape.hidden_size, F = shape.ffn_hidden_size;
  all.embedding = weight("embedding.weight");
  if (shape.position == PositionKind::learned) all.position = weight("position.weight");
  for (int64_t layer = 0; layer < shape.num_layers; ++layer) {
    const std::string name = block_name(layer);
    const bool gated = shape.activation == Activation::swiglu;
    all.blocks.push_back({
        .norm1 = norm(name + ".norm1"),
        .norm2 = norm(name + ".norm2"),
        .qkv = linear(name + ".attention.q", C, shape.qkv_size()),
        .out = linear(name + ".attention.out", shape.query_size(), C),
        .ffn_in = linear(name + (gated ? ".ffn.gate" : ".ffn.up"), C, shape.ffn_in_size()),
        .ffn_out = linear(name + ".ffn.down", F, C),
    });
  }
  all.final_norm = norm("final_norm");
  all.head = {shape.tie_embeddings ? all.embedding : weight("head.weight"), {}, C, shape.vocab_size};
  return all;
}

}  // namespace flm
