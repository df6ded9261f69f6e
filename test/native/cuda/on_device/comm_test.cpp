// Several ranks' ways to talk, on a real GPU: NCCL with one rank, and the host communicator with ranks that
// share the GPU. Run with --backend cuda alone, because a CUDA build may well be tested where there is no
// GPU.
#include <cstdio>

#include "comm/nccl/nccl_communicator.h"
#include "comm/verb_cases.h"
#include "cuda/cuda_backend.h"
#include "model/mesh_compare.h"
#include "ops/backends.h"
#include "test.h"

namespace flm::test {
namespace {

constexpr int64_t kSizes[] = {1, 1025, 700001};

std::unique_ptr<Device> make_gpu() { return std::move(cuda::make_backend(0).device); }

std::shared_ptr<const nccl::Library> open_nccl() {
  try {
    return std::make_shared<nccl::Library>();
  } catch (const Error& error) {
    const std::string text = error.what();
    std::printf("skipped: NCCL on cuda: %s\n", text.substr(0, text.find('\n')).c_str());
    return nullptr;
  }
}

void check_nccl(const std::shared_ptr<const nccl::Library>& library) {
  RankSetup setup{.make_device = make_gpu};
  setup.make_world = [&](Device& device, HostListener listener, const HostGroup& group) {
    return make_nccl_communicator(device, library, std::move(listener), group);
  };
  const auto body = [](int, Communicator& world, Device& device) {
    for (const int64_t n : kSizes) check_all_verbs(world, device, n);
    const auto alone = world.split(0, 0);
    check_all_verbs(*alone, device, 5);
    const OnDevice<float> data(device, 1);
    world.abort();
    CHECK_THROWS(world.all_reduce(data.at(), 1, ReduceOp::sum, {}), ErrorCode::comm_peer_lost);
  };
  run_ranks(1, body, setup);
}

void check_host(int ranks) {
  const auto body = [](int, Communicator& world, Device& device) {
    for (const int64_t n : kSizes) check_all_verbs(world, device, n);
  };
  run_ranks(ranks, body, {.make_device = make_gpu});
}

void check_meshes() {
  const std::vector<Mesh> meshes{
      {2, 1, 1, 1, true}, {1, 2, 1, 1, false}, {1, 1, 2, 1, false}, {2, 2, 1, 1, true}};
  RankSetup setup{.make_device = make_gpu};
  equals_one_rank([] { return make_test_backend("cuda", 1); },
                  mesh_spec(mesh_shape(tiny_flm()), Precision::f32), meshes, 2, {1e-4, 1e-5, 1e-4, 1e-3},
                  setup);
}

void run_suite(const Options& options, Totals& totals) {
  if (options.backend != "cuda") return;
  const auto run = [&](const std::string& name, const std::function<void()>& body) {
    if (!options.selects(name)) return;
    if (options.mode == "list") std::printf("%s\n", name.c_str());
    if (options.mode == "test") run_test(name, totals, body);
  };
  const std::string nccl = "comm cuda nccl of one rank";
  if (const auto library = options.mode == "test" && options.selects(nccl) ? open_nccl() : nullptr)
    run(nccl, [&] { check_nccl(library); });
  for (int ranks = 2; ranks <= 4; ++ranks)
    run("comm cuda host communicator, " + std::to_string(ranks) + " ranks", [=] { check_host(ranks); });
  run("comm cuda meshes equal one rank", check_meshes);
}

[[maybe_unused]] const bool added = add_suite(run_suite);

}  // namespace
}  // namespace flm::test
