// The same model split over ranks computes the same gradients and takes the same steps.
#include "model/mesh.h"

#include <algorithm>
#include <cmath>

#include "ops/backends.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

std::vector<Mesh> meshes() {
  std::vector<Mesh> all;
  for (const int64_t tensor : {1, 2, 4})
    for (const int64_t data : {1, 2, 4})
      for (const int64_t pipeline : {1, 2, 4})
        for (const int64_t chunks : {1, 2})
          for (const bool sequence : {false, true}) {
            const Mesh mesh{tensor, data, pipeline, chunks, sequence};
            const bool exists = mesh.ranks() > 1 && mesh.ranks() <= 8 && (tensor > 1 || !sequence) &&
                                (chunks == 1 || pipeline == 2);
            if (exists) all.push_back(mesh);
          }
  return all;
}

// One of each kind, and one of all together: what is affordable with a slow backend.
const std::vector<Mesh> kOneOfEach{{2, 1, 1, 1, false}, {2, 1, 1, 1, true},  {4, 1, 1, 1, true},
                                   {1, 2, 1, 1, false}, {1, 1, 2, 1, false}, {1, 1, 2, 2, false},
                                   {2, 2, 2, 1, true}};

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

struct Tolerances {
  double gradient, loss, grad_norm, weight;
};

void equals_one_rank(const MakeBackend& backend, const EngineSpec& spec, const std::vector<Mesh>& all,
                     int steps, const Tolerances& tolerance) {
  Trained one = train_on_mesh(backend, spec, {}, steps, 1e-3);
  for (auto* tensors : {&one.gradients, &one.masters})
    std::erase_if(*tensors, [&](const auto& entry) { return is_noise(entry.first, spec.shape); });
  for (const Mesh& mesh : all) {
    const Trained split = train_on_mesh(backend, spec, mesh, steps, 1e-3);
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

FLM_TEST(mesh_equals_one_rank_in_double) {
  for (const Family& family : families()) {
    EngineSpec spec = mesh_spec(mesh_shape(family.shape), Precision::f64);
    equals_one_rank(oracle::make_backend, spec, kOneOfEach, 2, {1e-11, 1e-13, 1e-12, 1e-10});
  }
}

FLM_TEST(mesh_equals_one_rank_in_mid_ramp) {
  EngineSpec spec = mesh_spec(mesh_shape(tiny_flm()), Precision::f64);
  mask_half(spec);
  equals_one_rank(oracle::make_backend, spec, kOneOfEach, 1, {1e-11, 1e-13, 1e-12, 1e-10});
}

FLM_TEST(mesh_equals_one_rank_on_the_cpu) {
  const auto cpu = [] { return make_test_backend("cpu", 1); };
  for (const Family& family : families())
    equals_one_rank(cpu, mesh_spec(mesh_shape(family.shape), Precision::f32),
                    kSanitized ? kOneOfEach : meshes(), 20, {1e-5, 1e-6, 2e-6, 1e-4});
}

FLM_TEST(mesh_follows_one_rank_in_bf16) {
  const auto cpu = [] { return make_test_backend("cpu", 1); };
  equals_one_rank(cpu, mesh_spec(mesh_shape(families()[1].shape), Precision::bf16), kOneOfEach, 3,
                  {6e-2, 2e-3, 2e-2, 1e-2});
}

FLM_TEST(mesh_repeats_its_bits) {
  const auto cpu = [] { return make_test_backend("cpu", 1); };
  const EngineSpec spec = mesh_spec(mesh_shape(tiny_flm()), Precision::f32);
  const Mesh mesh{2, 2, 2, 1, true};
  const Trained first = train_on_mesh(cpu, spec, mesh, 3, 1e-3),
                again = train_on_mesh(cpu, spec, mesh, 3, 1e-3);
  CHECK(first.masters == again.masters);
  CHECK(first.second_moments == again.second_moments);
}

}  // namespace
}  // namespace flm::test
