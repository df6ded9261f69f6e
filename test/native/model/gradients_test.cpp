// Whole models: gradients by central differences in double, and the backends against the oracle.
#include <cmath>

#include "cpu/cpu_backend.h"
#include "model/tiny_model.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

constexpr int64_t kMicroBatches = 2;
constexpr Ramp kMidRamp{0.3, 0.4, 0.6, 0.7};

struct Family {
  const char* name;
  ModelShape (*shape)();
};
constexpr Family kFamilies[] = {{"flm", &tiny_flm}, {"llama", &tiny_llama}, {"gpt2", &tiny_gpt2}};

// Everything is being grown at once: the second half of each axis is new.
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

std::unique_ptr<Engine> make(Backend backend, const EngineSpec& spec) {
  auto engine = std::make_unique<Engine>(std::move(backend), spec);
  randomise(*engine, 7, 0.2);
  const int64_t tokens = kMicroBatches * spec.micro_batch_size * spec.shape.seq_length + 1;
  engine->open_token_files({write_token_file(random_tokens(tokens, spec.shape.vocab_size, 3))});
  return engine;
}

// A learning rate of zero: gradients without a change of the weights.
StepReport gradients(Engine& engine, const Ramp& ramp) {
  return engine.step({whole_rows(engine.spec(), kMicroBatches), kMicroBatches, 0, ramp});
}

double mean_loss(Engine& engine, const Ramp& ramp) {
  const EvalReport r = engine.evaluate({whole_rows(engine.spec(), kMicroBatches), kMicroBatches, ramp});
  return r.loss_sum / double(r.targets);
}

void check_by_differences(const EngineSpec& spec, const Ramp& ramp) {
  const auto engine = make(oracle::make_backend(), spec);
  const double loss = gradients(*engine, ramp).loss;
  CHECK_NEAR(mean_loss(*engine, ramp), loss, 1e-12);
  for (const TensorInfo& t : engine->tensors()) {
    const std::vector<double> gradient = engine->read_gradient(t.name);
    std::vector<double> values = engine->read_state(t.name, StateKind::master);
    // A few elements of each tensor, the first and the last among them.
    for (size_t k = 0; k < 4; ++k) {
      const size_t i = k * (values.size() - 1) / 3;
      const double old = values[i], h = 1e-5;
      values[i] = old + h;
      engine->write_master(t.name, values);
      const double above = mean_loss(*engine, ramp);
      values[i] = old - h;
      engine->write_master(t.name, values);
      const double below = mean_loss(*engine, ramp);
      values[i] = old;
      engine->write_master(t.name, values);
      const double expected = (above - below) / (2 * h);
      if (!(std::abs(gradient[i] - expected) <= 1e-8 + 1e-6 * std::abs(expected)))
        report_failure(__FILE__, __LINE__,
                       t.name + "[" + std::to_string(i) + "]: gradient " + show(gradient[i]) +
                           ", by differences " + show(expected));
    }
  }
}

FLM_TEST(model_gradients_by_differences) {
  for (const Family& family : kFamilies)
    check_by_differences(engine_spec(family.shape(), Precision::f64), {});
}

FLM_TEST(model_gradients_by_differences_in_mid_ramp) {
  for (const Family& family : kFamilies) {
    EngineSpec spec = engine_spec(family.shape(), Precision::f64);
    mask_half(spec);
    check_by_differences(spec, kMidRamp);
  }
}

// tolerance: a share of each tensor's norm, or of a small part of a typical tensor's where that is more.
void compare_gradients(Engine& engine, Engine& reference, double tolerance) {
  double total = 0;
  for (const TensorInfo& t : reference.tensors())
    for (const double g : reference.read_gradient(t.name)) total += g * g;
  const double typical = std::sqrt(total / double(reference.tensors().size()));
  for (const TensorInfo& t : reference.tensors()) {
    const auto got = engine.read_gradient(t.name), want = reference.read_gradient(t.name);
    double difference = 0, norm = 0;
    for (size_t i = 0; i < want.size(); ++i) {
      difference += (got[i] - want[i]) * (got[i] - want[i]);
      norm += want[i] * want[i];
    }
    if (!(std::sqrt(difference) <= tolerance * std::max(std::sqrt(norm), floor)))
      report_failure(
          __FILE__, __LINE__,
          "gradient of " + t.name + " is off by " + show(std::sqrt(difference / norm)) + " of its norm");
  }
}

void compare_with_oracle(Precision precision, double loss_tolerance, double gradient_tolerance) {
  for (const Family& family : kFamilies)
    for (const bool masked : {false, true}) {
      EngineSpec spec = engine_spec(family.shape(), Precision::f64);
      if (masked) mask_half(spec);
      const auto reference = make(oracle::make_backend(), spec);
      spec.precision = precision;
      const auto engine = make(cpu::make_backend(2), spec);
      const Ramp ramp = masked ? kMidRamp : Ramp{};
      const StepReport want = gradients(*reference, ramp), got = gradients(*engine, ramp);
      CHECK_NEAR(got.loss, want.loss, loss_tolerance * want.loss);
      CHECK_NEAR(got.grad_norm, want.grad_norm, gradient_tolerance * want.grad_norm);
      compare_gradients(*engine, *reference, gradient_tolerance);
    }
}

FLM_TEST(model_on_cpu_f32_follows_the_oracle) { compare_with_oracle(Precision::f32, 1e-6, 2e-5); }
FLM_TEST(model_on_cpu_bf16_follows_the_oracle) { compare_with_oracle(Precision::bf16, 1e-2, 6e-2); }

// Every parameter after three steps.
std::vector<double> train(Backend backend, const EngineSpec& spec, const Ramp& ramp, bool force_masks) {
  const auto engine = make(std::move(backend), spec);
  std::vector<double> all;
  for (int step = 0; step < 3; ++step) {
    StepInput input{whole_rows(spec, kMicroBatches), kMicroBatches, 1e-2, ramp};
    input.force_masks = force_masks;
    all.push_back(engine->step(input).loss);
  }
  for (const TensorInfo& t : engine->tensors()) {
    const auto values = engine->read_state(t.name, StateKind::master);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

FLM_TEST(model_gives_equal_bits_for_any_thread_count_and_recompute) {
  for (const Family& family : kFamilies)
    for (const Precision precision : {Precision::f32, Precision::bf16}) {
      EngineSpec spec = engine_spec(family.shape(), precision);
      const auto straight = train(cpu::make_backend(2), spec, {}, false);
      CHECK(train(cpu::make_backend(2), spec, {}, false) == straight);
      CHECK(train(cpu::make_backend(1), spec, {}, false) == straight);
      spec.recompute = Recompute::full;
      CHECK(train(cpu::make_backend(2), spec, {}, false) == straight);
    }
}

FLM_TEST(model_with_masks_forced_at_one_equals_the_plain_one_bit_for_bit) {
  for (const Family& family : kFamilies)
    for (const Precision precision : {Precision::f32, Precision::bf16}) {
      const EngineSpec plain = engine_spec(family.shape(), precision);
      EngineSpec masked = plain;
      mask_half(masked);
      CHECK(train(cpu::make_backend(2), masked, {}, true) == train(cpu::make_backend(2), plain, {}, false));
    }
}

FLM_TEST(step_with_gradients_that_are_not_finite_changes_nothing) {
  const auto engine = make(cpu::make_backend(2), engine_spec(tiny_llama(), Precision::f32));
  auto head = engine->read_state("head.weight", StateKind::master);
  head[0] = std::nan("");
  engine->write_master("head.weight", head);
  const auto before = engine->read_state("layers.0.ffn.up.weight", StateKind::master);
  const StepReport report =
      engine->step({whole_rows(engine->spec(), kMicroBatches), kMicroBatches, 1e-2, {}});
  CHECK(report.skipped);
  CHECK(engine->read_state("layers.0.ffn.up.weight", StateKind::master) == before);
}

FLM_TEST(generation_with_a_cache_equals_the_full_forward_pass) {
  for (const Family& family : kFamilies) {
    const auto engine = make(oracle::make_backend(), engine_spec(family.shape(), Precision::f64));
    std::vector<int32_t> tokens{5, 9, 2};
    GenerateInput input{tokens, true, 8, 0, 0, 1, 1, 0, {}};
    const GenerateReport report = engine->generate(input);
    CHECK_EQ(report.tokens.size(), size_t(8));
    for (const int32_t generated : report.tokens) {
      const auto logits = engine->logits(tokens, {});
      const auto last = logits.end() - engine->spec().shape.vocab_size;
      CHECK_EQ(generated, int32_t(std::max_element(last, logits.end()) - last));
      tokens.push_back(generated);
    }
  }
}

}  // namespace
}  // namespace flm::test
