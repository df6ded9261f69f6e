#include "job.h"

#include <cmath>
#include <cstdlib>
#include <map>

#include "core/error.h"
#include "cpu/cpu_backend.h"
#include "cuda/cuda_backend.h"
#include "model/parameters.h"

namespace flm::bench {
namespace {

using Values = std::map<std::string, std::string>;

const Values& defaults() {
  static const Values values{{"family", "llama"},
                             {"num_layers", "6"},
                             {"hidden_size", "256"},
                             {"num_attention_heads", "4"},
                             {"num_kv_heads", "0"},
                             {"head_size", "0"},
                             {"ffn_hidden_size", "688"},
                             {"vocab_size", "8192"},
                             {"seq_length", "256"},
                             {"batch_size", "8"},
                             {"micro_batch_size", "0"},
                             {"recompute", "selective"},
                             {"device", "cpu"},
                             {"device_index", "0"},
                             {"num_threads", "0"},
                             {"precision", "bf16"},
                             {"steps", "10"},
                             {"warmup", "3"},
                             {"serve", "0"},
                             {"trace", "0"}};
  return values;
}

Values read_values(std::span<char* const> arguments) {
  Values values = defaults();
  for (const char* each : arguments) {
    const std::string argument = each;
    const size_t equals = argument.find('=');
    const auto found = values.find(argument.substr(0, equals));
    FLM_CHECK(equals != std::string::npos && found != values.end(), ErrorCode::invalid_argument, argument,
              " is not one of:\n", job_help());
    found->second = argument.substr(equals + 1);
  }
  return values;
}

class Reader {
 public:
  explicit Reader(const Values& values) : values_(values) {}

  int64_t integer(const char* name, int64_t least) const {
    const std::string& text = values_.at(name);
    char* end = nullptr;
    const int64_t value = std::strtoll(text.c_str(), &end, 10);
    FLM_CHECK(!text.empty() && *end == '\0' && value >= least, ErrorCode::invalid_argument, name, "=", text,
              " must be an integer of at least ", least);
    return value;
  }
  // 0 stands for `otherwise`.
  int64_t integer_or(const char* name, int64_t otherwise) const {
    const int64_t value = integer(name, 0);
    return value == 0 ? otherwise : value;
  }
  template <class T>
  T choice(const char* name, const std::map<std::string, T>& choices) const {
    const auto found = choices.find(values_.at(name));
    if (found != choices.end()) return found->second;
    std::string known;
    for (const auto& [choice, ignored] : choices) known += (known.empty() ? "" : ", ") + choice;
    fail(ErrorCode::invalid_argument, name, "=", values_.at(name), " must be one of ", known);
  }

 private:
  const Values& values_;
};

struct Family {
  NormKind norm;
  Activation activation;
  PositionKind position;
  bool bias, tie_embeddings;
};
// As lib/config/families.ts has them.
const std::map<std::string, Family> kFamilies{
    {"flm", {NormKind::layer_norm, Activation::gelu, PositionKind::xpos, true, true}},
    {"gpt2", {NormKind::layer_norm, Activation::gelu, PositionKind::learned, true, true}},
    {"llama", {NormKind::rms_norm, Activation::swiglu, PositionKind::rope, false, false}},
};

ModelShape read_shape(const Reader& read) {
  const Family family = read.choice("family", kFamilies);
  ModelShape s{};
  s.num_layers = read.integer("num_layers", 1);
  s.hidden_size = read.integer("hidden_size", 1);
  s.num_attention_heads = read.integer("num_attention_heads", 1);
  s.num_kv_heads = read.integer_or("num_kv_heads", s.num_attention_heads);
  s.head_size = read.integer_or("head_size", s.hidden_size / s.num_attention_heads);
  s.ffn_hidden_size = read.integer("ffn_hidden_size", 1);
  s.vocab_size = read.integer("vocab_size", 2);
  s.seq_length = read.integer("seq_length", 1);
  s.norm = family.norm;
  s.activation = family.activation;
  s.position = family.position;
  s.bias = family.bias;
  s.tie_embeddings = family.tie_embeddings;
  s.norm_eps = 1e-5;
  s.rope_theta = 10000;
  s.input_mult = s.logit_mult = 1;
  s.attention_scale = 1 / std::sqrt(double(s.head_size));
  return s;
}

}  // namespace

std::string job_help() {
  std::string text;
  for (const auto& [name, value] : defaults()) text += "  " + name + "=" + value + "\n";
  return text + "num_kv_heads, head_size and micro_batch_size 0: all heads, hidden / heads, the whole batch";
}

Job read_job(std::span<char* const> arguments) {
  const Values values = read_values(arguments);
  const Reader read(values);
  Job job;
  job.batch_size = read.integer("batch_size", 1);
  job.steps = read.integer("steps", 1);
  job.warmup = read.integer("warmup", 0);
  job.serve = read.integer("serve", 0) != 0;
  job.trace = read.integer("trace", 0) != 0;
  EngineSpec& spec = job.spec;
  spec.shape = read_shape(read);
  spec.device = read.choice<DeviceKind>("device", {{"cpu", DeviceKind::cpu}, {"cuda", DeviceKind::cuda}});
  spec.device_index = read.integer("device_index", 0);
  spec.num_threads = read.integer("num_threads", 0);
  spec.precision = read.choice<Precision>("precision", {{"f32", Precision::f32}, {"bf16", Precision::bf16}});
  spec.micro_batch_size = read.integer_or("micro_batch_size", job.batch_size);
  spec.one_micro_batch = spec.micro_batch_size == job.batch_size;
  FLM_CHECK(job.batch_size % spec.micro_batch_size == 0, ErrorCode::invalid_argument,
            "batch_size=", job.batch_size, " is no multiple of micro_batch_size=", spec.micro_batch_size);
  spec.recompute = read.choice<Recompute>(
      "recompute",
      {{"none", Recompute::none}, {"selective", Recompute::selective}, {"full", Recompute::full}});
  spec.adam_beta1 = 0.9;
  spec.adam_beta2 = 0.95;
  spec.adam_eps = 1e-8;
  spec.clip_grad = 1;
  spec.state_precision = Precision::f32;
  spec.trainable = true;
  for (const Parameter& p : parameter_layout(spec.shape, whole_model(spec.shape)).parameters)
    spec.parameters.push_back({p.name, p.rows, p.cols, 1, p.is_matrix ? 0.1 : 0});
  return job;
}

Backend make_backend(const EngineSpec& spec) {
  if (spec.device == DeviceKind::cpu) return cpu::make_backend(int(spec.num_threads));
  return cuda::make_backend(int(spec.device_index));
}

double model_flops_per_token(const ModelShape& s) {
  const int64_t layer =
      s.hidden_size * (s.qkv_size() + s.query_size()) + s.hidden_size * (s.ffn_in_size() + s.ffn_hidden_size);
  const int64_t products = s.num_layers * layer + s.vocab_size * s.hidden_size;
  return 6.0 * double(products) + 6.0 * double(s.num_layers * s.query_size() * s.seq_length);
}

}  // namespace flm::bench
