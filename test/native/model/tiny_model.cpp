#include "model/tiny_model.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/philox.h"
#include "model/parameters.h"

namespace flm::test {

namespace {

ModelShape base_shape() {
  ModelShape s{};
  s.num_layers = 2;
  s.hidden_size = 24;
  s.num_attention_heads = 4;
  s.num_kv_heads = 4;
  s.head_size = 6;
  s.ffn_hidden_size = 40;
  s.vocab_size = 37;
  s.seq_length = 19;
  s.norm_eps = 1e-5;
  s.rope_theta = 10000;
  s.input_mult = 1;
  s.logit_mult = 1;
  s.attention_scale = 1 / std::sqrt(6.0);
  return s;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "flm-test-XXXXXX").string();
    if (!mkdtemp(pattern.data())) fail(ErrorCode::io, "cannot make a temporary directory");
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string next() { return (path_ / (std::to_string(count_++) + ".tokens")).string(); }

 private:
  std::filesystem::path path_;
  int count_ = 0;
};

template <class T>
void put(std::ofstream& to, T value) {
  to.write(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

ModelShape tiny_flm() {
  ModelShape s = base_shape();
  s.norm = NormKind::layer_norm;
  s.activation = Activation::gelu;
  s.position = PositionKind::xpos;
  s.bias = true;
  s.tie_embeddings = true;
  s.logit_mult = 0.5;
  s.input_mult = 1.5;
  return s;
}

namespace {

ModelShape tiny_llama() {
  ModelShape s = base_shape();
  s.norm = NormKind::rms_norm;
  s.activation = Activation::swiglu;
  s.position = PositionKind::rope;
  s.bias = false;
  s.tie_embeddings = false;
  s.num_kv_heads = 2;
  return s;
}

ModelShape tiny_gpt2() {
  ModelShape s = base_shape();
  s.norm = NormKind::layer_norm;
  s.activation = Activation::gelu;
  s.position = PositionKind::learned;
  s.bias = true;
  s.tie_embeddings = true;
  return s;
}

}  // namespace

const std::vector<Family>& families() {
  static const std::vector<Family> all{{"flm", tiny_flm()}, {"llama", tiny_llama()}, {"gpt2", tiny_gpt2()}};
  return all;
}

ModelShape tiled_llama() {
  ModelShape s = tiny_llama();
  s.hidden_size = 128;
  s.num_attention_heads = 2;
  s.num_kv_heads = 1;
  s.head_size = 64;
  s.ffn_hidden_size = 192;
  s.seq_length = 150;
  s.attention_scale = 0.125;
  return s;
}

EngineSpec engine_spec(const ModelShape& shape, Precision precision) {
  EngineSpec spec{};
  spec.device = DeviceKind::cpu;
  spec.num_threads = 2;
  spec.precision = precision;
  spec.shape = shape;
  spec.micro_batch_size = 2;
  spec.recompute = Recompute::none;
  spec.adam_beta1 = 0.9;
  spec.adam_beta2 = 0.95;
  spec.adam_eps = 1e-8;
  spec.clip_grad = 1;
  spec.state_precision = Precision::f32;
  spec.trainable = true;
  for (const Parameter& p : parameter_layout(shape, whole_model(shape)).parameters)
    spec.parameters.push_back({p.name, p.rows, p.cols, 1, p.is_matrix ? 0.1 : 0});
  return spec;
}

void randomise(Engine& engine, uint64_t seed, double spread) {
  for (const TensorInfo& t : engine.tensors()) {
    std::vector<double> values;
    const double centre = t.name.ends_with(".gain") ? 1 : 0;
    for (int64_t i = 0; i < t.rows * t.cols; ++i)
      values.push_back(centre + spread * philox_normal(seed, philox_stream(t.name), uint64_t(i)));
    engine.write_master(t.name, values);
  }
}

std::vector<int32_t> random_tokens(int64_t count, int64_t vocab_size, uint64_t seed) {
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i < count; ++i)
    tokens.push_back(int32_t(philox(seed, philox_stream("tokens"), uint64_t(i))[0] % uint32_t(vocab_size)));
  return tokens;
}

std::string write_token_file(const std::vector<int32_t>& tokens) {
  static TemporaryDirectory directory;
  const std::string path = directory.next();
  std::ofstream to(path, std::ios::binary);
  to.write("FLMTOK1\0", 8);
  put<uint32_t>(to, 4);
  put<uint32_t>(to, 1);
  put<uint64_t>(to, tokens.size());
  put<uint64_t>(to, 1);
  for (int i = 0; i < 4; ++i) put<uint64_t>(to, 0);
  for (const int32_t token : tokens) put(to, token);
  if (tokens.size() % 2) put<uint32_t>(to, 0);
  put<uint64_t>(to, 0);
  put<uint64_t>(to, tokens.size());
  return path;
}

std::vector<Piece> whole_rows(const EngineSpec& spec, int64_t micro_batches) {
  const int64_t T = spec.shape.seq_length;
  std::vector<Piece> pieces;
  for (int64_t row = 0; row < micro_batches * spec.micro_batch_size; ++row)
    pieces.push_back({row, 0, row * T, T, true, true});
  return pieces;
}

void mask_half(EngineSpec& spec) {
  const auto half = [](int64_t n) {
    std::vector<uint8_t> mask(static_cast<size_t>(n));
    for (size_t i = mask.size() / 2; i < mask.size(); ++i) mask[i] = 1;
    return mask;
  };
  const ModelShape& s = spec.shape;
  spec.masks = {half(s.hidden_size), half(s.ffn_hidden_size), half(s.num_attention_heads),
                half(s.num_kv_heads), half(s.num_layers)};
}

std::unique_ptr<Engine> ready_engine(Backend backend, const EngineSpec& spec) {
  auto engine = std::make_unique<Engine>(std::move(backend), spec);
  randomise(*engine, 7, 1 / std::sqrt(double(spec.shape.hidden_size)));
  const int64_t tokens = kMicroBatches * spec.micro_batch_size * spec.shape.seq_length + 1;
  engine->open_token_files({write_token_file(random_tokens(tokens, spec.shape.vocab_size, 3))});
  return engine;
}

StepReport gradients(Engine& engine, const Ramp& ramp) {
  return engine.step({whole_rows(engine.spec(), kMicroBatches), kMicroBatches, 0, ramp});
}

double mean_loss(Engine& engine, const Ramp& ramp) {
  const EvalReport r = engine.evaluate({whole_rows(engine.spec(), kMicroBatches), kMicroBatches, ramp});
  return r.loss_sum / double(r.targets);
}

}  // namespace flm::test
