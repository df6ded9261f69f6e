// Whole models on every backend: against the oracle, and against themselves where bits must be equal.
#include <algorithm>
#include <cmath>

#include "model/tiny_model.h"
#include "ops/backends.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

// Emulated kernels are slow, and a bit-exact run of the small shapes says as much.
constexpr const char* kEmulation = "emulation";

std::vector<Family> shapes_for(const std::string& backend) {
  std::vector<Family> all = families();
  ModelShape scaled = families()[1].shape;
  scaled.rope_divisors = {1, 2.5, 8};
  all.push_back({"llama with scaled RoPE", scaled});
  if (backend != kEmulation) all.push_back({"llama with heads of 64", tiled_llama()});
  return all;
}

struct Tolerance {
  Precision precision;
  const char* name;
  double loss, gradient;
};
constexpr Tolerance kTolerances[] = {{Precision::f32, "f32", 1e-6, 2e-5},
                                     {Precision::bf16, "bf16", 1e-2, 6e-2}};

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
    // A key bias shifts all scores of a query alike, which softmax does not see: without rotation its
    // gradient is zero, and what is left is rounding of terms of a typical size.
    const double floor = (t.name.ends_with("attention.k.bias") ? 0.1 : 1e-3) * typical;
    const double share = std::sqrt(difference) / std::max(std::sqrt(norm), floor);
    if (!(share <= tolerance))
      report_failure(__FILE__, __LINE__,
                     "gradient of " + t.name + " is off by " + show(share) + " of its norm");
  }
}

void follows_the_oracle(const std::string& backend, const ModelShape& shape, const Tolerance& tolerance,
                        bool masked) {
  EngineSpec spec = engine_spec(shape, Precision::f64);
  if (masked) mask_half(spec);
  const auto reference = ready_engine(oracle::make_backend(), spec);
  spec.precision = tolerance.precision;
  const auto engine = ready_engine(make_test_backend(backend), spec);
  const Ramp ramp = masked ? kMidRamp : Ramp{};
  const StepReport want = gradients(*reference, ramp), got = gradients(*engine, ramp);
  CHECK_NEAR(got.loss, want.loss, tolerance.loss * want.loss);
  CHECK_NEAR(got.grad_norm, want.grad_norm, tolerance.gradient * want.grad_norm);
  compare_gradients(*engine, *reference, tolerance.gradient);
}

// The loss of every step and every parameter after them.
std::vector<double> train(Engine& engine, int steps, bool force_masks = false,
                          int64_t micro_batches = kMicroBatches) {
  std::vector<double> all;
  for (int step = 0; step < steps; ++step) {
    StepInput input{whole_rows(engine.spec(), micro_batches), micro_batches, 1e-3, {}};
    input.force_masks = force_masks;
    const StepReport report = engine.step(input);
    all.push_back(report.loss);
    all.push_back(report.grad_norm);
  }
  for (const TensorInfo& t : engine.tensors()) {
    const auto values = engine.read_state(t.name, StateKind::master);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

std::vector<double> train(Backend backend, const EngineSpec& spec, int steps, bool force_masks = false) {
  return train(*ready_engine(std::move(backend), spec), steps, force_masks);
}

void repeats_bit_for_bit(const std::string& backend, EngineSpec spec) {
  constexpr int kSteps = kSanitized ? 2 : 3;
  const auto straight = train(make_test_backend(backend, 2), spec, kSteps);
  CHECK(train(make_test_backend(backend, 2), spec, kSteps) == straight);
  CHECK(train(make_test_backend(backend, 1), spec, kSteps) == straight);
  EngineSpec masked = spec;
  mask_half(masked);
  CHECK(train(make_test_backend(backend, 2), masked, kSteps, true) == straight);
  for (const Recompute recompute : {Recompute::selective, Recompute::full}) {
    spec.recompute = recompute;
    CHECK(train(make_test_backend(backend, 2), spec, kSteps) == straight);
  }
}

// Blocks whose activations lie in gradients that are written later, with bits between the tensors that are
// no numbers.
void lends_gradients_to_activations(const std::string& backend, ModelShape shape, Precision precision) {
  constexpr int kSteps = 3;
  shape.num_layers = 6;
  shape.vocab_size = 515;
  EngineSpec spec = engine_spec(shape, precision);
  spec.micro_batch_size = 1;
  for (const bool masked : {false, true}) {
    if (masked) mask_half(spec);
    for (const Recompute recompute : {Recompute::none, Recompute::selective, Recompute::full}) {
      spec.recompute = recompute;
      spec.one_micro_batch = false;
      const auto plain = ready_engine(make_test_backend(backend, 2), spec);
      spec.one_micro_batch = true;
      const auto lent = ready_engine(make_test_backend(backend, 2), spec);
      CHECK(lent->memory_bytes() < plain->memory_bytes());
      CHECK(train(*lent, kSteps, masked, 1) == train(*plain, kSteps, masked, 1));
      CHECK(mean_loss(*lent, {}) == mean_loss(*plain, {}));
      CHECK(lent->logits({1, 2, 3}, {}, masked) == plain->logits({1, 2, 3}, {}, masked));
    }
  }
  const StepInput two{whole_rows(spec, 2), 2, 1e-3, {}};
  CHECK_THROWS(ready_engine(make_test_backend(backend), spec)->step(two), ErrorCode::invalid_argument);
}

void reads_masters_like_copies(const std::string& backend, const ModelShape& shape) {
  const EngineSpec spec = engine_spec(shape, Precision::bf16);
  Backend with_copies = make_test_backend(backend);
  with_copies.reads_masters = false;
  CHECK(train(make_test_backend(backend), spec, 3) == train(std::move(with_copies), spec, 3));
}

void trains_like_the_oracle(const std::string& backend, const ModelShape& shape, const Tolerance& tolerance) {
  // A wider model costs the oracle much, and errors of an optimizer step show in any.
  const int steps = kSanitized ? 2 : shape.hidden_size >= 128 ? 5 : 20;
  EngineSpec spec = engine_spec(shape, Precision::f64);
  const auto want = train(oracle::make_backend(), spec, steps);
  spec.precision = tolerance.precision;
  const auto got = train(make_test_backend(backend), spec, steps);
  // Training multiplies rounding from step to step.
  for (size_t step = 0; step < size_t(steps); ++step)
    CHECK_NEAR(got[2 * step], want[2 * step], 100 * tolerance.loss * want[2 * step]);
}

void skips_a_step_that_is_not_finite(const std::string& backend) {
  const auto engine =
      ready_engine(make_test_backend(backend), engine_spec(families()[1].shape, Precision::f32));
  auto head = engine->read_state("head.weight", StateKind::master);
  head[0] = std::nan("");
  engine->write_master("head.weight", head);
  const auto before = engine->read_state("layers.0.ffn.up.weight", StateKind::master);
  const StepReport report =
      engine->step({whole_rows(engine->spec(), kMicroBatches), kMicroBatches, 1e-2, {}});
  CHECK(report.skipped);
  CHECK(engine->read_state("layers.0.ffn.up.weight", StateKind::master) == before);
}

void keeps_moments_in_bf16(const std::string& backend) {
  EngineSpec spec = engine_spec(families()[1].shape, Precision::f32);
  const auto wide = ready_engine(make_test_backend(backend), spec);
  spec.state_precision = Precision::bf16;
  const auto narrow = ready_engine(make_test_backend(backend), spec);
  CHECK(narrow->memory_bytes() < wide->memory_bytes());
  const StepInput input{whole_rows(spec, kMicroBatches), kMicroBatches, 1e-3, {}};
  for (int step = 0; step < 5; ++step) {
    const double want = wide->step(input).loss;
    CHECK_NEAR(narrow->step(input).loss, want, 1e-3 * want);
  }
  for (const TensorInfo& t : narrow->tensors())
    for (const StateKind kind : {StateKind::exp_avg, StateKind::exp_avg_sq}) {
      CHECK(t.state_dtype == DType::bf16);
      const auto want = wide->read_state(t.name, kind), got = narrow->read_state(t.name, kind);
      // Each of five roundings is off by at most 2^-9 of a value, and those of the past fade.
      double most = 0, error = 0;
      for (size_t i = 0; i < want.size(); ++i) {
        most = std::max(most, std::abs(want[i]));
        error = std::max(error, std::abs(got[i] - want[i]));
      }
      CHECK(error <= 0.02 * most);
      CHECK(error > 0 || most == 0);
    }
}

void run_on(const std::string& backend, const Options& options, Totals& totals) {
  const auto run = [&](const std::string& what, const std::function<void()>& body) {
    const std::string name = "model " + backend + " " + what;
    if (options.selects(name)) run_test(name, totals, body);
  };
  for (const Family& family : shapes_for(backend))
    for (const Tolerance& tolerance : kTolerances) {
      const std::string at = std::string(tolerance.name) + " " + family.name + " ";
      run(at + "follows the oracle", [&] { follows_the_oracle(backend, family.shape, tolerance, false); });
      run(at + "follows the oracle in mid-ramp",
          [&] { follows_the_oracle(backend, family.shape, tolerance, true); });
      if (backend == kEmulation) continue;
      run(at + "repeats bit for bit",
          [&] { repeats_bit_for_bit(backend, engine_spec(family.shape, tolerance.precision)); });
      run(at + "lends gradients to activations",
          [&] { lends_gradients_to_activations(backend, family.shape, tolerance.precision); });
      if (tolerance.precision == Precision::bf16)
        run(at + "reads masters like copies", [&] { reads_masters_like_copies(backend, family.shape); });
      if (tolerance.precision == Precision::f32)
        run(at + "trains like the oracle", [&] { trains_like_the_oracle(backend, family.shape, tolerance); });
    }
  run("keeps moments in bf16", [&] { keeps_moments_in_bf16(backend); });
  run("skips a step that is not finite", [&] { skips_a_step_that_is_not_finite(backend); });
}

void run_all(const Options& options, Totals& totals) {
  if (options.mode != "test") return;
  if (!options.backend.empty()) return run_on(options.backend, options, totals);
  for (const std::string& backend : default_backends())
    if (backend != "oracle") run_on(backend, options, totals);
}

[[maybe_unused]] const bool added = add_suite(run_all);

}  // namespace
}  // namespace flm::test
