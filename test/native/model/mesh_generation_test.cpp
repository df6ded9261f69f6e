// A model split over ranks writes what one rank writes.
#include <cmath>
#include <mutex>

#include "comm/nccl_group.h"
#include "model/mesh_compare.h"
#include "oracle/host_device.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

EngineSpec writing_spec(const ModelShape& family) {
  EngineSpec spec = mesh_spec(mesh_shape(family), Precision::f64);
  spec.trainable = false;
  return spec;
}

// Three lanes write, one of them begins anew while the others go on.
std::vector<GenerateReport> written_by(Engine& engine, double temperature) {
  randomise(engine, 7, 1 / std::sqrt(double(engine.spec().shape.hidden_size)));
  GenerateInput input{};
  input.lanes = 3;
  input.rows = {{0, {5, 9, 2}, 1}, {1, {7}, 2}, {2, {1, 1, 4, 3}, 3}};
  input.max_tokens = 4;
  input.temperature = temperature;
  input.top_p = input.repetition_penalty = 1;
  input.vocab_size = engine.spec().shape.vocab_size;
  std::vector<GenerateReport> reports{engine.generate(input)};
  for (GenerateRow& row : input.rows) row.prompt.clear();
  input.rows[1].prompt = {2, 8};
  reports.push_back(engine.generate(input));
  return reports;
}

std::vector<std::vector<int32_t>> tokens_of(const std::vector<GenerateReport>& reports) {
  std::vector<std::vector<int32_t>> all;
  for (const GenerateReport& report : reports)
    for (const GeneratedRow& row : report) all.push_back(row.tokens);
  return all;
}

// The mesh's ranks, each with what it has written, against one rank.
void writes_as_one_rank(const ModelShape& family, const Mesh& mesh, double temperature,
                        const RankSetup& setup = {}) {
  const EngineSpec spec = writing_spec(family);
  Engine one(oracle::make_backend(), spec, nullptr);
  const auto expected = tokens_of(written_by(one, temperature));
  std::mutex mutex;
  run_ranks(
      mesh.ranks(),
      [&](int rank, Communicator& world, Device&) {
        Engine engine(oracle::make_backend(), spec_of_rank(spec, mesh, rank), &world);
        const auto tokens = tokens_of(written_by(engine, temperature));
        const std::lock_guard lock(mutex);
        if (tokens != expected)
          report_failure(__FILE__, __LINE__,
                         mesh.name() + ": rank " + std::to_string(rank) + " writes other tokens");
      },
      setup);
}

FLM_TEST(mesh_writes_what_one_rank_writes) {
  for (const Family& family : families())
    for (const Mesh& mesh : kOneOfEach) writes_as_one_rank(family.shape, mesh, 0);
}

FLM_TEST(mesh_samples_the_same_tokens_on_every_rank) {
  for (const Mesh& mesh : kOneOfEach) writes_as_one_rank(tiny_flm(), mesh, 1.5);
}

FLM_TEST(mesh_writes_what_one_rank_writes_over_nccl) {
  FakeNccl fake;
  RankSetup setup = fake.setup();
  setup.make_device = [] { return std::make_unique<oracle::HostDevice>(); };
  for (const Mesh& mesh : kOneOfEach) writes_as_one_rank(tiny_flm(), mesh, 0, setup);
}

// Blocks of ceil(vocab / ranks) rows: the last rank's may be short, but never empty.
FLM_TEST(mesh_writes_with_a_small_vocabulary) {
  const Mesh mesh{4, 1, 1, 1, false};
  ModelShape shape = tiny_flm();
  shape.vocab_size = 10;
  writes_as_one_rank(shape, mesh, 0);
  Shard last = whole_model(mesh_shape(shape));
  last.tensor_size = mesh.tensor;
  last.tensor_rank = mesh.tensor - 1;
  for (const int64_t vocab_size : {5, 6, 9}) {
    shape.vocab_size = vocab_size;
    CHECK_THROWS(local_shape(shape, last), ErrorCode::invalid_argument);
  }
}

}  // namespace
}  // namespace flm::test
