#include "ops/gradient.h"

#include <algorithm>
#include <cmath>

#include "ops/run_case.h"
#include "test.h"

namespace flm::test {
namespace {

constexpr double kStep = 1e-5;
constexpr size_t kSamples = 40;

bool is_result(const TensorRecord& record) {
  return record.role == Role::output || record.role == Role::in_out;
}

// sum(dy * y) over the forward outputs y that have a dy among the backward case's tensors.
double loss(const Records& forward, const Records& backward) {
  double sum = 0;
  for (const auto& [name, y] : forward) {
    const auto dy = backward.find("d" + name);
    if (!is_result(y) || dy == backward.end()) continue;
    for (size_t i = 0; i < y.after.size(); ++i) sum += dy->second.before[i] * y.after[i];
  }
  return sum;
}

double slope(const Case& forward, const Backend& oracle, const Records& backward, const std::string& name,
             const std::vector<double>& at, size_t element) {
  const auto moved = [&](double step) {
    Values given{{name, at}};
    given[name][element] += step;
    return loss(run_case(forward, oracle, kF64, kF64, given), backward);
  };
  return (moved(kStep) - moved(-kStep)) / (2 * kStep);
}

}  // namespace

void check_gradients(const Case& backward_case, const Backend& oracle) {
  const Case& forward_case = *backward_case.forward;
  const Records forward = run_case(forward_case, oracle, kF64, kF64, {});
  const Records backward =
      run_case(backward_case, oracle, kF64, kF64, forward_outputs(backward_case, oracle, kF64));
  int checked = 0;
  for (const auto& [name, t] : forward) {
    const auto dt = backward.find("d" + name);
    if (t.role == Role::output || dt == backward.end() || !is_result(dt->second)) continue;
    ++checked;
    // A parameter gradient is added to what was there; one computed in place begins as the output's gradient.
    const bool accumulated = dt->second.role == Role::in_out && t.role == Role::input;
    double size = 0;
    for (const double value : dt->second.after) size = std::max(size, std::abs(value));
    const size_t count = t.before.size(), samples = std::min(count, kSamples);
    for (size_t k = 0; k < samples; ++k) {
      const size_t i = k * count / samples;
      const double gradient = dt->second.after[i] - (accumulated ? dt->second.before[i] : 0);
      const double expected = slope(forward_case, oracle, backward, name, t.before, i);
      if (!(std::abs(gradient - expected) <= 1e-7 * std::max(1.0, size)))
        report_failure((backward_case.name + " d" + name).c_str(), 0,
                       "element " + std::to_string(i) + ": got " + show(gradient) + ", central difference " +
                           show(expected));
    }
  }
  CHECK(checked > 0);
}

}  // namespace flm::test
