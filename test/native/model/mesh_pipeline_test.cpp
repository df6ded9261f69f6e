// The pipeline schedules of lib/parallel on several ranks, with messages that nobody has room for before they
// are received: no schedule waits for ever, and none changes a bit.
#include <cmath>

#include "comm/host_group.h"
#include "comm/rendezvous.h"
#include "cpu/cpu_backend.h"
#include "model/pipeline_case.h"
#include "test.h"

namespace flm::test {
namespace {

constexpr int kSteps = 2;

EngineSpec pipeline_spec() {
  EngineSpec spec = mesh_spec(mesh_shape(tiny_flm()), Precision::f32);
  spec.shape.num_layers = 8;
  spec.parameters = engine_spec(spec.shape, Precision::f32).parameters;
  return spec;
}

std::vector<int64_t> slots_of(const std::vector<Instruction>& list, int64_t chunks) {
  std::vector<int64_t> slots(size_t(chunks), 0);
  for (const Instruction& step : list)
    slots[size_t(step.chunk)] = std::max(slots[size_t(step.chunk)], step.slot + 1);
  return slots;
}

// The mean losses of some steps, and at last of an evaluation.
std::vector<double> losses_of(const PipelineCase& pipeline, int rank, Communicator* world,
                              const std::string& tokens) {
  EngineSpec spec = spec_of_rank(pipeline_spec(), pipeline.mesh, rank);
  StepInput input = input_of_rank(spec, pipeline.mesh, rank, 0);
  EvalInput eval{.pieces = input.pieces, .num_micro_batches = input.num_micro_batches, .ramp = {}};
  if (world) {
    const PipelineLists& lists = pipeline.ranks[size_t(rank)];
    spec.mesh.slots = slots_of(lists.training, pipeline.mesh.chunks);
    input.instructions = lists.training;
    eval.instructions = lists.evaluation;
  }
  Engine engine(cpu::make_backend(1), spec, world);
  randomise(engine, 7, 1 / std::sqrt(double(spec.shape.hidden_size)));
  engine.open_token_files({tokens});
  input.lr = 1e-3;
  std::vector<double> losses;
  for (int step = 0; step < kSteps; ++step) losses.push_back(engine.step(input).loss);
  const EvalReport report = engine.evaluate(eval);
  losses.push_back(report.loss_sum / double(report.targets));
  return losses;
}

// Over the host communicator where `sends` is null.
std::vector<double> run_pipeline(const PipelineCase& pipeline, const std::string& tokens,
                                 const Sends* sends) {
  const auto place = make_meeting_place();
  std::vector<double> losses;
  run_ranks(pipeline.mesh.ranks(), [&](int rank, Communicator& world, Device&) {
    const auto rendezvous = sends ? make_rendezvous_communicator(place, world, *sends) : nullptr;
    const auto all = losses_of(pipeline, rank, rendezvous ? rendezvous.get() : &world, tokens);
    if (rank == 0) losses = all;
  });
  return losses;
}

std::string tokens_for(const EngineSpec& spec) {
  return write_token_file(random_tokens(kGlobalRows * spec.shape.seq_length + 1, spec.shape.vocab_size, 3));
}

FLM_TEST(mesh_pipelines_do_not_deadlock_where_a_message_waits_for_its_receive) {
  const std::string tokens = tokens_for(pipeline_spec());
  const std::vector<double> one = losses_of({}, 0, nullptr, tokens);
  for (const PipelineCase& pipeline : pipeline_cases()) {
    constexpr Sends kSends = Sends::posted;
    const std::vector<double> losses = run_pipeline(pipeline, tokens, &kSends);
    CHECK(losses == run_pipeline(pipeline, tokens, nullptr));
    for (size_t i = 0; i < one.size(); ++i) CHECK_NEAR(losses[i], one[i], 1e-6 * one[i]);
  }
}

// What the queues are for: the same schedules, and a rank that waits itself.
FLM_TEST(mesh_pipelines_deadlock_where_a_rank_waits_for_its_sends) {
  constexpr Sends kSends = Sends::waiting;
  const std::string tokens = tokens_for(pipeline_spec());
  for (const PipelineCase& pipeline : pipeline_cases())
    if (pipeline.mesh.chunks > 1)
      CHECK_THROWS(run_pipeline(pipeline, tokens, &kSends), ErrorCode::comm_timeout);
}

}  // namespace
}  // namespace flm::test
