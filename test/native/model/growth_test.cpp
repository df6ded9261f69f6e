// Growth through the real plan, transfer and model: what a growth event must leave as it was.
#include <algorithm>
#include <cmath>

#include "model/growth_case.h"
#include "model/tiny_model.h"
#include "test.h"

namespace flm::test {
namespace {

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

void check_same(const std::vector<double>& got, const std::vector<double>& want, double tolerance,
                const std::string& what) {
  if (got.size() != want.size()) return report_failure(__FILE__, __LINE__, what + ": sizes differ");
  double off = 0;
  for (size_t i = 0; i < want.size(); ++i) off = std::max(off, std::abs(got[i] - want[i]));
  if (!(off <= tolerance * largest(want)))
    report_failure(__FILE__, __LINE__, what + " is off by " + show(off) + " of " + show(largest(want)));
}

// What is new there is loud once the masks are open: had it been silent by itself, an equality at m = 0 would
// say nothing of the masks. Queries that join old groups have zero columns in the output projection instead.
bool is_behind_masks(const GrowthCase& growth) {
  const GrowthMasks& masks = growth.after.masks;
  const bool any = masks.hidden.size() + masks.ffn.size() + masks.kv_heads.size() + masks.layers.size() > 0;
  return any && growth.name.find("queries") == std::string::npos;
}

// The logits that a larger vocabulary must have: those of old tokens, and of a mean of rows their mean.
std::vector<double> through_vocabulary(const GrowthCase& growth, const std::vector<double>& before) {
  const LoadPlan& plan = growth.plan;
  const Move& embedding = plan.moves.front();
  CHECK_EQ(embedding.tensor, "embedding.weight");
  const auto width = size_t(growth.before.shape.vocab_size);
  std::vector<double> after;
  for (auto row = before.begin(); row != before.end(); row += std::ptrdiff_t(width))
    for (const int32_t entry : plan.maps.at(size_t(embedding.row_map))) {
      if (entry >= 0) {
        after.push_back(row[entry]);
        continue;
      }
      const auto& pieces = plan.means.at(size_t(-2 - entry));
      double sum = 0;
      for (const int32_t piece : pieces) sum += row[piece];
      after.push_back(sum / double(pieces.size()));
    }
  return after;
}

void leaves_the_logits(const GrowthCase& growth, Precision precision, double tolerance) {
  const GrownModels models = carry_out(growth, precision);
  const ModelShape& shape = growth.after.shape;
  // Without the last token, whose id a larger vocabulary changes.
  const auto tokens = random_tokens(shape.seq_length, growth.before.shape.vocab_size - 1, 11);
  const auto before = models.before->logits(tokens, {});
  CHECK(largest(before) > 0.1);
  check_same(models.after->logits(tokens, kClosed), through_vocabulary(growth, before), tolerance,
             "the logits at m = 0");
  const auto open = models.after->logits(tokens, {});
  if (is_behind_masks(growth)) CHECK(std::abs(largest(open) - largest(before)) > 1e-4 * largest(before));
  check_same(models.after->logits(tokens, {}, true), open, 0, "masks forced at m = 1");
}

using Values = std::vector<double>;

Values scaled(Values values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

// What one step adds to a tensor.
Values moved_by(Engine& engine, const TensorInfo& t, const Values& start) {
  Values values = engine.read_state(t.name, StateKind::master);
  for (size_t i = 0; i < values.size(); ++i) values[i] -= start[i];
  return values;
}

// Two models that grew from one, their logit multiplier held and compensated. With r = old / new multiplier
// the second has r times the final norm's gain and bias, so their gradients are 1 / r of the first's; as
// their moments were divided alike, AdamW moves them by as much, and all else to the same place.
void compensation_agrees_with_holding(const GrowthCase& hold, const GrowthCase& compensate,
                                      Precision precision, double tolerance) {
  const auto held = carry_out(hold, precision, 3).after, made_up = carry_out(compensate, precision, 3).after;
  const double r = hold.after.shape.logit_mult / compensate.after.shape.logit_mult;
  CHECK(r > 1);
  const double loss = mean_loss(*held, kClosed);
  CHECK_NEAR(mean_loss(*made_up, kClosed), loss, tolerance * loss);

  std::vector<Values> start_held, start_made_up;
  for (const TensorInfo& t : held->tensors()) {
    start_held.push_back(held->read_state(t.name, StateKind::master));
    start_made_up.push_back(made_up->read_state(t.name, StateKind::master));
  }
  const StepInput step{whole_rows(hold.after, kMicroBatches), kMicroBatches, 1e-2, kClosed};
  held->step(step);
  made_up->step(step);
  for (size_t i = 0; const TensorInfo& t : held->tensors()) {
    const double factor = t.name.starts_with("final_norm.") ? 1 / r : 1;
    check_same(made_up->read_gradient(t.name), scaled(held->read_gradient(t.name), factor), tolerance,
               "the gradient of " + t.name);
    check_same(moved_by(*made_up, t, start_made_up[i]), moved_by(*held, t, start_held[i]), 1e2 * tolerance,
               "the step of " + t.name);
    ++i;
  }
}

const GrowthCase& case_of(const std::string& name) {
  for (const GrowthCase& growth : growth_cases())
    if (growth.name == name) return growth;
  fail(ErrorCode::internal, "no growth case ", name);
}

struct Kind {
  const char* name;
  Precision precision;
  double tolerance;
};
constexpr Kind kKinds[] = {{"growth f64 ", Precision::f64, 1e-12}, {"growth f32 ", Precision::f32, 1e-5}};

void run_all(const Options& options, Totals& totals) {
  if (options.mode != "test" || !options.backend.empty()) return;
  const auto run = [&](const std::string& name, const std::function<void()>& body) {
    if (options.selects(name)) run_test(name, totals, body);
  };
  for (const auto& [kind, precision, tolerance] : kKinds) {
    for (const GrowthCase& growth : growth_cases())
      run(kind + growth.name + " leaves the logits",
          [&] { leaves_the_logits(growth, precision, tolerance); });
    for (const std::string family : {"flm", "llama"})
      run(kind + family + " muP compensation agrees with holding", [&] {
        compensation_agrees_with_holding(case_of(family + " muP hold"), case_of(family + " muP compensate"),
                                         precision, tolerance);
      });
  }
}

[[maybe_unused]] const bool added = add_suite(run_all);

}  // namespace
}  // namespace flm::test
