// Engines that hold the matrices of products in int8.
#include <cmath>
#include <mutex>

#include "cpu/cpu_backend.h"
#include "engine/moves.h"
#include "model/mesh_compare.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

EngineSpec int8_spec(const ModelShape& shape, Precision precision) {
  EngineSpec spec = engine_spec(shape, precision);
  spec.trainable = false;
  spec.int8_weights = true;
  return spec;
}

// Gains are 1, biases 0, matrices normal.
LoadPlan drawn_weights(const EngineSpec& spec) {
  LoadPlan plan{};
  plan.seed = 7;
  for (const ParameterSpec& p : spec.parameters) {
    if (p.rows > 1)
      plan.moves.push_back(fill_move(p.name, FillKind::normal, 1 / std::sqrt(double(p.cols))));
    else
      plan.moves.push_back(fill_move(p.name, FillKind::constant, p.name.ends_with(".gain") ? 1 : 0));
  }
  return plan;
}

std::unique_ptr<Engine> loaded(Backend backend, const EngineSpec& spec) {
  auto engine = std::make_unique<Engine>(std::move(backend), spec);
  engine->load(drawn_weights(spec));
  const int64_t tokens = kMicroBatches * spec.micro_batch_size * spec.shape.seq_length + 1;
  engine->open_token_files({write_token_file(random_tokens(tokens, spec.shape.vocab_size, 3))});
  return engine;
}

// What it writes behind two prompts at once, greedily.
std::vector<int32_t> written(Engine& engine) {
  GenerateInput input{};
  input.lanes = 2;
  input.rows = {{0, {3, 1, 4}, 1}, {1, random_tokens(12, engine.spec().shape.vocab_size, 5), 1}};
  input.max_tokens = 5;
  input.top_p = input.repetition_penalty = 1;
  input.vocab_size = engine.spec().shape.vocab_size;
  std::vector<int32_t> all;
  for (const GeneratedRow& row : engine.generate(input))
    all.insert(all.end(), row.tokens.begin(), row.tokens.end());
  return all;
}

FLM_TEST(int8_weights_follow_the_oracle) {
  std::vector<Family> all = families();
  all.push_back({"llama with whole blocks", tiled_llama()});
  for (const Family& family : all) {
    const auto reference = loaded(oracle::make_backend(), int8_spec(family.shape, Precision::f64));
    const double want = mean_loss(*reference, {});
    const auto wide = loaded(cpu::make_backend(2), int8_spec(family.shape, Precision::f32));
    CHECK_NEAR(mean_loss(*wide, {}), want, 1e-5 * want);
    CHECK(written(*wide) == written(*reference));
    const auto narrow = loaded(cpu::make_backend(2), int8_spec(family.shape, Precision::bf16));
    CHECK_NEAR(mean_loss(*narrow, {}), want, 1e-2 * want);

    EngineSpec exact = int8_spec(family.shape, Precision::f64);
    exact.int8_weights = false;
    CHECK_NEAR(want, mean_loss(*loaded(oracle::make_backend(), exact), {}), 1e-2 * want);
  }
}

// Each rank rounds what it holds by itself.
FLM_TEST(int8_weights_on_several_ranks_write_what_one_rank_writes) {
  for (const ModelShape& shape : {tiny_flm(), families()[1].shape}) {
    EngineSpec spec = mesh_spec(mesh_shape(shape), Precision::f64);
    spec.trainable = false;
    spec.int8_weights = true;
    const LoadPlan plan = drawn_weights(spec);
    Engine one(oracle::make_backend(), spec);
    one.load(plan);
    const std::vector<int32_t> expected = written(one);
    std::mutex mutex;
    for (const Mesh& mesh : kOneOfEach)
      run_ranks(mesh.ranks(), [&](int rank, Communicator& world, Device&) {
        Engine engine(oracle::make_backend(), spec_of_rank(spec, mesh, rank), &world);
        engine.load(plan);
        const bool same = written(engine) == expected;
        const std::lock_guard lock(mutex);
        if (!same) report_failure(__FILE__, __LINE__, mesh.name() + ": a rank writes other tokens");
      });
  }
}

FLM_TEST(int8_weights_take_less_memory_than_bf16) {
  ModelShape shape = tiled_llama();
  shape.num_layers = 8;  // so that scratch, which int8 needs more of, is a small part
  EngineSpec spec = int8_spec(shape, Precision::bf16);
  const size_t int8 = Engine(cpu::make_backend(1), spec).memory_bytes();
  spec.int8_weights = false;
  const size_t bf16 = Engine(cpu::make_backend(1), spec).memory_bytes();
  int64_t in_products = 0;
  for (const ParameterSpec& p : spec.parameters)
    if (p.rows > 1 && p.name != "embedding.weight") in_products += p.rows * p.cols;
  // A byte and a sixteenth of an f32, not two.
  CHECK(bf16 - int8 > size_t(0.9 * double(in_products) * (2 - 1.0625)));
}

FLM_TEST(int8_weights_are_for_inference_on_the_cpu) {
  EngineSpec spec = int8_spec(families()[1].shape, Precision::f32);
  const auto engine = loaded(cpu::make_backend(1), spec);
  CHECK_THROWS(engine->read_state("head.weight", StateKind::master), ErrorCode::invalid_argument);
  CHECK_EQ(engine->read_state("final_norm.gain", StateKind::master).size(), size_t(spec.shape.hidden_size));
  spec.device = DeviceKind::cuda;
  CHECK_THROWS(Engine(cpu::make_backend(1), spec), ErrorCode::not_supported);
  spec.device = DeviceKind::cpu;
  spec.trainable = true;
  CHECK_THROWS(Engine(cpu::make_backend(1), spec), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace flm::test
