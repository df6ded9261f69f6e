#include "model/mesh.h"

#include <cmath>
#include <mutex>

#include "comm/communicator.h"

namespace flm::test {

std::string Mesh::name() const {
  return "tensor " + std::to_string(tensor) + " x data " + std::to_string(data) + " x pipeline " +
         std::to_string(pipeline) + " x chunks " + std::to_string(chunks) +
         (sequence_parallel ? " with sequence parallelism" : "");
}

ModelShape mesh_shape(const ModelShape& family) {
  ModelShape shape = family;
  shape.num_layers = 4;
  shape.num_kv_heads = 2;
  shape.seq_length = 20;
  return shape;
}

EngineSpec mesh_spec(const ModelShape& shape, Precision precision) {
  EngineSpec spec = engine_spec(shape, precision);
  spec.micro_batch_size = 1;
  spec.num_threads = 1;
  return spec;
}

EngineSpec spec_of_rank(EngineSpec spec, const Mesh& mesh, int rank) {
  spec.one_micro_batch = mesh.data == kGlobalRows;
  MeshSpec& m = spec.mesh;
  m.tensor_size = mesh.tensor;
  m.data_size = mesh.data;
  m.pipeline_size = mesh.pipeline;
  m.tensor_rank = rank % mesh.tensor;
  m.data_rank = rank / mesh.tensor % mesh.data;
  m.pipeline_rank = rank / (mesh.tensor * mesh.data);
  m.sequence_parallel = mesh.sequence_parallel;
  const int64_t layers = spec.shape.num_layers / (mesh.pipeline * mesh.chunks);
  for (int64_t c = 0; c < mesh.chunks; ++c) {
    m.chunks.push_back({(c * mesh.pipeline + m.pipeline_rank) * layers, layers});
    m.slots.push_back(kGlobalRows / mesh.data);
  }
  return spec;
}

StepInput input_of_rank(const EngineSpec& spec, const Mesh& mesh, int rank, int64_t step) {
  using Kind = Instruction::Kind;
  const int64_t T = spec.shape.seq_length, count = kGlobalRows / mesh.data;
  const int64_t data_rank = rank / mesh.tensor % mesh.data, stage = rank / (mesh.tensor * mesh.data);
  StepInput input{};
  input.num_micro_batches = count;
  for (int64_t row = 0; row < count; ++row)
    input.pieces.push_back({row, 0, (step * kGlobalRows + data_rank * count + row) * T, T, true, true});
  const int64_t last = mesh.pipeline * mesh.chunks - 1;
  for (int64_t c = 0; c < mesh.chunks; ++c) {
    const int64_t virtual_stage = c * mesh.pipeline + stage;
    for (int64_t i = 0; i < count; ++i) {
      const auto add = [&](Kind kind, int64_t peer) { input.instructions.push_back({kind, i, c, i, peer}); };
      if (virtual_stage > 0) add(Kind::receive_forward, (virtual_stage - 1) % mesh.pipeline);
      add(Kind::forward, -1);
      if (virtual_stage < last) add(Kind::send_forward, (virtual_stage + 1) % mesh.pipeline);
    }
  }
  for (int64_t c = mesh.chunks - 1; c >= 0; --c) {
    const int64_t virtual_stage = c * mesh.pipeline + stage;
    for (int64_t i = 0; i < count; ++i) {
      const auto add = [&](Kind kind, int64_t peer) { input.instructions.push_back({kind, i, c, i, peer}); };
      if (virtual_stage < last) add(Kind::receive_backward, (virtual_stage + 1) % mesh.pipeline);
      add(Kind::backward, -1);
      if (virtual_stage > 0) add(Kind::send_backward, (virtual_stage - 1) % mesh.pipeline);
    }
  }
  return input;
}

Trained train_on_mesh(const MakeBackend& backend, const EngineSpec& spec, const Mesh& mesh, int steps,
                      double lr, const RankSetup& setup) {
  const std::string tokens = write_token_file(
      random_tokens(steps * kGlobalRows * spec.shape.seq_length + 1, spec.shape.vocab_size, 3));
  Trained result;
  std::mutex mutex;
  using Tensors = std::map<std::string, std::vector<double>>;
  const auto add = [&](Tensors& tensors, const std::string& name, const std::vector<double>& part) {
    const std::lock_guard lock(mutex);
    std::vector<double>& to = tensors[name];
    to.resize(part.size());
    for (size_t i = 0; i < part.size(); ++i) to[i] += part[i];
  };
  run_ranks(
      mesh.ranks(),
      [&](int rank, Communicator& world, Device&) {
        Engine engine(backend(), spec_of_rank(spec, mesh, rank), mesh.ranks() > 1 ? &world : nullptr);
        randomise(engine, 7, 1 / std::sqrt(double(spec.shape.hidden_size)));
        engine.open_token_files({tokens});
        for (int step = 0; step < steps; ++step) {
          StepInput input = input_of_rank(spec, mesh, rank, step);
          input.lr = lr;
          const StepReport report = engine.step(input);
          if (rank == 0) result.reports.push_back(report);
          if (step > 0) continue;
          for (const ParameterSpec& p : spec.parameters)
            add(result.gradients, p.name, engine.read_gradient(p.name));
        }
        for (const ParameterSpec& p : spec.parameters) {
          add(result.masters, p.name, engine.read_state(p.name, StateKind::master));
          add(result.second_moments, p.name, engine.read_state(p.name, StateKind::exp_avg_sq));
        }
      },
      setup);
  return result;
}

}  // namespace flm::test
