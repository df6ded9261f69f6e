// The same model split over ranks computes the same gradients and takes the same steps.
#include "comm/nccl_group.h"
#include "model/mesh_compare.h"
#include "ops/backends.h"
#include "oracle/host_device.h"
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

// The oracle's streams are done when a call returns, and so NCCL's operations are too.
FLM_TEST(mesh_equals_one_rank_over_nccl) {
  FakeNccl fake;
  RankSetup setup = fake.setup();
  setup.make_device = [] { return std::make_unique<oracle::HostDevice>(); };
  equals_one_rank(oracle::make_backend, mesh_spec(mesh_shape(tiny_flm()), Precision::f64), kOneOfEach, 2,
                  {1e-11, 1e-13, 1e-12, 1e-10}, setup);
}

FLM_TEST(mesh_equals_one_rank_on_the_cpu) {
  const auto cpu = [] { return make_test_backend("cpu", 1); };
  for (const Family& family : families())
    equals_one_rank(cpu, mesh_spec(mesh_shape(family.shape), Precision::f32),
                    kSanitized ? kOneOfEach : meshes(), 20, {1e-5, 1e-6, 1e-5, 1e-4});
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
