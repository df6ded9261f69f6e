// What a step can be asked for beside a batch and a rate: weights of the rows, limits, a smaller embedding
// gradient.
#include <algorithm>
#include <cmath>
#include <limits>

#include "model/tiny_model.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

StepInput batch_of(const Engine& engine, double lr) {
  return {whole_rows(engine.spec(), kMicroBatches), kMicroBatches, lr, {}};
}

// Nats of one row of the batch.
double row_loss(Engine& engine, int64_t row) {
  Piece piece = whole_rows(engine.spec(), kMicroBatches)[size_t(row)];
  piece.row = 0;
  return engine.evaluate({{piece}, 1, {}}).loss_sum;
}

// Two pairs of rows, the first of each preferred: the mean of -log sigmoid(beta z), and its gradient by row.
struct Preference {
  double loss = 0;
  std::vector<double> row_weights;
};

Preference preference(Engine& engine) {
  const double beta = 0.3;
  const std::vector<double> reference{-50, -61, -57, -49};
  Preference all;
  for (int64_t row = 0; row < 4; row += 2) {
    const double chosen = -row_loss(engine, row) - reference[size_t(row)],
                 rejected = -row_loss(engine, row + 1) - reference[size_t(row) + 1];
    const double margin = beta * (chosen - rejected), weight = beta / (1 + std::exp(margin)) / 2;
    all.loss += std::log1p(std::exp(-margin)) / 2;
    all.row_weights.push_back(weight);
    all.row_weights.push_back(-weight);
  }
  return all;
}

FLM_TEST(row_weights_give_the_gradient_of_a_preference_loss) {
  for (const Family& family : families()) {
    const auto engine = ready_engine(oracle::make_backend(), engine_spec(family.shape, Precision::f64));
    const Preference at = preference(*engine);
    StepInput input = batch_of(*engine, 0);
    input.row_weights = at.row_weights;
    input.loss = at.loss;
    CHECK_NEAR(engine->step(input).loss, at.loss, 1e-15);
    for (const TensorInfo& t : engine->tensors()) {
      const std::vector<double> gradient = engine->read_gradient(t.name);
      std::vector<double> values = engine->read_state(t.name, StateKind::master);
      const size_t i = values.size() / 2;
      const double old = values[i], h = 1e-5;
      const auto loss_with = [&](double value) {
        values[i] = value;
        engine->write_master(t.name, values);
        return preference(*engine).loss;
      };
      const double expected = (loss_with(old + h) - loss_with(old - h)) / (2 * h);
      loss_with(old);
      CHECK_NEAR(gradient[i], expected, 1e-8 + 1e-6 * std::abs(expected));
    }
  }
}

FLM_TEST(a_step_beyond_its_limits_changes_nothing) {
  const auto engine = ready_engine(oracle::make_backend(), engine_spec(tiny_flm(), Precision::f64));
  const auto values = [&] { return engine->read_state("embedding.weight", StateKind::master); };
  const auto before = values();
  const StepReport free = engine->step(batch_of(*engine, 0));
  CHECK(!free.skipped);

  StepInput too_high = batch_of(*engine, 1e-3);
  too_high.max_loss = free.loss * 0.99;
  StepInput too_steep = batch_of(*engine, 1e-3);
  too_steep.max_grad_norm = free.grad_norm * 0.99;
  StepInput not_finite = batch_of(*engine, 1e-3);
  not_finite.row_weights.assign(4, std::numeric_limits<double>::quiet_NaN());
  for (const StepInput& input : {too_high, too_steep, not_finite}) {
    CHECK(engine->step(input).skipped);
    CHECK(values() == before);
  }
  const auto moments = engine->read_state("embedding.weight", StateKind::exp_avg);
  CHECK(std::all_of(moments.begin(), moments.end(), [](double m) { return std::isfinite(m); }));

  StepInput within = batch_of(*engine, 1e-3);
  within.max_loss = free.loss * 1.01;
  within.max_grad_norm = free.grad_norm * 1.01;
  CHECK(!engine->step(within).skipped);
  CHECK(values() != before);
}

FLM_TEST(gradients_begin_anew_in_every_step) {
  for (const Family& family : families()) {
    const auto engine = ready_engine(oracle::make_backend(), engine_spec(family.shape, Precision::f64));
    const auto gradients_of_a_step = [&] {
      engine->step(batch_of(*engine, 0));
      std::vector<std::vector<double>> all;
      for (const TensorInfo& t : engine->tensors()) all.push_back(engine->read_gradient(t.name));
      return all;
    };
    const auto fresh = gradients_of_a_step();
    StepInput not_finite = batch_of(*engine, 0);
    not_finite.row_weights.assign(4, std::numeric_limits<double>::quiet_NaN());
    CHECK(engine->step(not_finite).skipped);
    CHECK(gradients_of_a_step() == fresh);
  }
}

// 1040 rows are more than a chunk of logits may have, 520 are not.
FLM_TEST(a_batch_of_several_chunks_of_logits_has_the_gradients_of_its_rows) {
  for (const Family& family : families()) {
    ModelShape shape = family.shape;
    shape.num_layers = 1;
    shape.seq_length = 520;
    EngineSpec together = engine_spec(shape, Precision::f64), alone = together;
    together.micro_batch_size = 2;
    alone.micro_batch_size = 1;
    const auto in_chunks = ready_engine(oracle::make_backend(), together);
    const auto whole = ready_engine(oracle::make_backend(), alone);
    const double loss = in_chunks->step({whole_rows(together, 1), 1, 0, {}}).loss;
    CHECK_NEAR(loss, whole->step({whole_rows(alone, 2), 2, 0, {}}).loss, 1e-12);
    for (const TensorInfo& t : whole->tensors()) {
      const std::vector<double> expected = whole->read_gradient(t.name),
                                got = in_chunks->read_gradient(t.name);
      for (size_t i = 0; i < expected.size(); ++i) CHECK_NEAR(got[i], expected[i], 1e-12);
    }
  }
}

FLM_TEST(the_embedding_gradient_shrinks_but_for_a_tied_head) {
  const auto gradient_with = [](ModelShape shape, double factor, const char* tensor) {
    shape.embedding_grad_mult = factor;
    const auto engine = ready_engine(oracle::make_backend(), engine_spec(shape, Precision::f64));
    engine->step(batch_of(*engine, 0));
    return engine->read_gradient(tensor);
  };
  for (const Family& family : families()) {
    const auto of = [&](double factor) { return gradient_with(family.shape, factor, "embedding.weight"); };
    const auto whole = of(1), half = of(0.5), quarter = of(0.25);
    for (size_t i = 0; i < whole.size(); ++i) {
      // Linear in the factor; what is left of it at 0 is the head's.
      CHECK_NEAR(half[i] - quarter[i], (whole[i] - half[i]) / 2, 1e-15);
      if (!family.shape.tie_embeddings) CHECK_NEAR(half[i], whole[i] / 2, 1e-15);
    }
    const char* inner = "layers.0.attention.q.weight";
    CHECK(gradient_with(family.shape, 0.25, inner) == gradient_with(family.shape, 1, inner));
  }
}

}  // namespace
}  // namespace flm::test
