#include "model/mesh_compare.h"

#include <algorithm>
#include <cmath>

#include "test.h"

namespace flm::test {
namespace {

double norm(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum);
}

// Without rotation a key bias shifts all scores of a query alike, which softmax does not see: its gradient is
// zero but for rounding, which AdamW blows up to steps of full size.
bool is_noise(const std::string& name, const ModelShape& shape) {
  return shape.position == PositionKind::learned && name.ends_with("attention.k.bias");
}

// Each tensor within `tolerance` of its norm, or of a small part of a typical tensor's where that is more.
void compare(const char* what, const std::map<std::string, std::vector<double>>& got,
             const std::map<std::string, std::vector<double>>& want, double tolerance, const Mesh& mesh) {
  double total = 0;
  for (const auto& [name, values] : want) total += std::pow(norm(values), 2);
  const double floor = 1e-3 * std::sqrt(total / double(want.size()));
  for (const auto& [name, values] : want) {
    std::vector<double> difference = got.at(name);
    for (size_t i = 0; i < values.size(); ++i) difference[i] -= values[i];
    const double share = norm(difference) / std::max(norm(values), floor);
    if (!(share <= tolerance))
      report_failure(
          __FILE__, __LINE__,
          mesh.name() + ": the " + what + " of " + name + " is off by " + show(share) + " of its norm");
  }
}

}  // namespace

void equals_one_rank(const MakeBackend& backend, const EngineSpec& spec, const std::vector<Mesh>& all,
                     int steps, const Tolerances& tolerance, const RankSetup& setup) {
  Trained one = train_on_mesh(backend, spec, {}, steps, 1e-3);
  for (auto* tensors : {&one.gradients, &one.masters})
    std::erase_if(*tensors, [&](const auto& entry) { return is_noise(entry.first, spec.shape); });
  for (const Mesh& mesh : all) {
    const Trained split = train_on_mesh(backend, spec, mesh, steps, 1e-3, setup);
    compare("gradient", split.gradients, one.gradients, tolerance.gradient, mesh);
    compare("weight", split.masters, one.masters, tolerance.weight, mesh);
    for (size_t step = 0; step < one.reports.size(); ++step) {
      const StepReport &got = split.reports[step], &want = one.reports[step];
      CHECK_EQ(got.targets, want.targets);
      CHECK_NEAR(got.loss, want.loss, tolerance.loss * want.loss);
      CHECK_NEAR(got.grad_norm, want.grad_norm, tolerance.grad_norm * want.grad_norm);
    }
  }
}

}  // namespace flm::test
