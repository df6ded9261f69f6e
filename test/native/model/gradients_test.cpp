// Whole models on the oracle: gradients by central differences in double, and generation with a cache.
#include <cmath>

#include "model/tiny_model.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

void check_by_differences(const EngineSpec& spec, const Ramp& ramp) {
  const auto engine = ready_engine(oracle::make_backend(), spec);
  const double loss = gradients(*engine, ramp).loss;
  CHECK_NEAR(mean_loss(*engine, ramp), loss, 1e-12);
  for (const TensorInfo& t : engine->tensors()) {
    const std::vector<double> gradient = engine->read_gradient(t.name);
    std::vector<double> values = engine->read_state(t.name, StateKind::master);
    // A few elements of each tensor, the first and the last among them.
    constexpr size_t kElements = kSanitized ? 1 : 4;
    for (size_t k = 0; k < kElements; ++k) {
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
  for (const Family& family : families()) check_by_differences(engine_spec(family.shape, Precision::f64), {});
}

FLM_TEST(model_gradients_by_differences_in_mid_ramp) {
  for (const Family& family : families()) {
    EngineSpec spec = engine_spec(family.shape, Precision::f64);
    mask_half(spec);
    check_by_differences(spec, kMidRamp);
  }
}

FLM_TEST(generation_with_a_cache_equals_the_full_forward_pass) {
  for (const Family& family : families()) {
    const auto engine = ready_engine(oracle::make_backend(), engine_spec(family.shape, Precision::f64));
    std::vector<int32_t> tokens{5, 9, 2};
    GenerateInput input{1, {{0, tokens, 0}}, 8, 0, 0, 1, 1, {}, family.shape.vocab_size};
    const GenerateReport report = engine->generate(input);
    CHECK_EQ(report[0].tokens.size(), size_t(8));
    for (const int32_t generated : report[0].tokens) {
      const auto logits = engine->logits(tokens, {});
      const auto last = logits.end() - engine->spec().shape.vocab_size;
      CHECK_EQ(generated, int32_t(std::max_element(last, logits.end()) - last));
      tokens.push_back(generated);
    }
  }
}

}  // namespace
}  // namespace flm::test
