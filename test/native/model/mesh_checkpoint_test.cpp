// A checkpoint holds whole tensors: saved by any mesh, loaded by any other, the same bits.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include "comm/communicator.h"
#include "comm/host_group.h"
#include "engine/moves.h"
#include "model/mesh.h"
#include "ops/backends.h"
#include "temporary_file.h"
#include "test.h"

namespace flm::test {
namespace {

const std::vector<Mesh> kMeshes{{1, 1, 1, 1, false}, {2, 1, 1, 1, true},  {4, 1, 1, 1, false},
                                {1, 2, 1, 1, false}, {1, 4, 1, 1, false}, {1, 1, 2, 2, false},
                                {2, 2, 2, 1, true}};

using Tensors = std::map<std::string, std::vector<double>>;

Backend cpu() { return make_test_backend("cpu", 1); }

int64_t stage_of(const std::string& name, const EngineSpec& spec, const Mesh& mesh) {
  if (name == "embedding.weight" || name == "position.weight") return 0;
  if (!name.starts_with("layers.")) return mesh.pipeline - 1;
  const int64_t layers = spec.shape.num_layers / (mesh.pipeline * mesh.chunks);
  return std::stoll(name.substr(7)) / layers % mesh.pipeline;
}

// A file for each pipeline stage, written by the last rank of its plane; and the plan that reads them.
struct Plans {
  SavePlan save;
  LoadPlan load;
};
Plans plans_for(const EngineSpec& spec, const Mesh& mesh, const std::string& folder) {
  Plans plans;
  plans.load.seed = 1;
  const int64_t element = spec.precision == Precision::f64 ? 8 : 4;
  for (int64_t stage = 0; stage < mesh.pipeline; ++stage) {
    SaveFile file{folder + "/" + std::to_string(stage), {}, {}, (stage + 1) * mesh.tensor * mesh.data - 1};
    int64_t offset = 0;
    for (const StateKind kind : {StateKind::master, StateKind::exp_avg, StateKind::exp_avg_sq})
      for (const ParameterSpec& p : spec.parameters) {
        if (stage_of(p.name, spec, mesh) != stage) continue;
        file.items.push_back({p.name, kind});
        Move move = copy_move(p.name, kind, element == 8 ? DType::f64 : DType::f32, p.rows, p.cols);
        move.file = stage;
        move.offset = offset;
        plans.load.moves.push_back(std::move(move));
        offset += p.rows * p.cols * element;
      }
    plans.load.files.push_back(file.path);
    plans.save.files.push_back(std::move(file));
  }
  return plans;
}

// What all ranks own after `prepare`, by tensor and kind.
Tensors states(const EngineSpec& spec, const Mesh& mesh,
               const std::function<void(Engine&, int rank)>& prepare) {
  Tensors all;
  std::mutex mutex;
  run_ranks(mesh.ranks(), [&](int rank, Communicator& world, Device&) {
    Engine engine(cpu(), spec_of_rank(spec, mesh, rank), mesh.ranks() > 1 ? &world : nullptr);
    prepare(engine, rank);
    for (const StateKind kind : {StateKind::master, StateKind::exp_avg, StateKind::exp_avg_sq})
      for (const ParameterSpec& p : spec.parameters) {
        const std::vector<double> part = engine.read_state(p.name, kind);
        const std::lock_guard lock(mutex);
        std::vector<double>& whole = all[p.name + "/" + std::to_string(int(kind))];
        whole.resize(part.size());
        for (size_t i = 0; i < part.size(); ++i) whole[i] += part[i];
      }
  });
  return all;
}

FLM_TEST(mesh_checkpoints_move_between_all_meshes) {
  for (const Precision precision : {Precision::f32, Precision::bf16}) {
    const EngineSpec spec = mesh_spec(mesh_shape(tiny_flm()), precision);
    const std::string tokens = write_token_file(
        random_tokens(2 * kGlobalRows * spec.shape.seq_length + 1, spec.shape.vocab_size, 3));
    for (const Mesh& from : kMeshes) {
      const TemporaryFile place;
      const std::string folder = place.path() + ".d";
      std::filesystem::create_directory(folder);
      const Plans plans = plans_for(spec, from, folder);
      const Tensors saved = states(spec, from, [&](Engine& engine, int rank) {
        randomise(engine, 7, 0.2);
        engine.open_token_files({tokens});
        for (int step = 0; step < 2; ++step) {
          StepInput input = input_of_rank(spec, from, rank, step);
          input.lr = 1e-2;
          engine.step(input);
        }
        engine.save(plans.save);
      });
      for (const Mesh& to : kMeshes) {
        const Tensors loaded = states(spec, to, [&](Engine& engine, int) { engine.load(plans.load); });
        if (loaded != saved)
          report_failure(__FILE__, __LINE__,
                         "saved by " + from.name() + ", loaded by " + to.name() + ": not the same");
      }
      std::filesystem::remove_all(folder);
    }
  }
}

// More than one message of 8 MiB from each rank of two.
FLM_TEST(mesh_checkpoints_hold_large_tensors) {
  ModelShape shape = mesh_shape(tiny_flm());
  shape.vocab_size = (5 << 20) / shape.hidden_size;
  const EngineSpec spec = mesh_spec(shape, Precision::f32);
  const TemporaryFile place;
  const std::string folder = place.path() + ".d";
  std::filesystem::create_directory(folder);
  const Mesh replicas{1, 2, 1, 1, false};
  const Plans plans = plans_for(spec, replicas, folder);
  const Tensors saved = states(spec, replicas, [&](Engine& engine, int) {
    randomise(engine, 7, 0.2);
    engine.save(plans.save);
  });
  CHECK(states(spec, {}, [&](Engine& engine, int) { engine.load(plans.load); }) == saved);
  std::filesystem::remove_all(folder);
}

// Rank 0's file is a pipe, which nobody opens before rank 1 has written its own.
FLM_TEST(mesh_checkpoints_are_written_side_by_side) {
  const EngineSpec spec = mesh_spec(mesh_shape(tiny_flm()), Precision::f32);
  const TemporaryFile place;
  const std::string folder = place.path() + ".d", pipe = folder + "/pipe", file = folder + "/file";
  std::filesystem::create_directory(folder);
  CHECK(::mkfifo(pipe.c_str(), 0600) == 0);
  const Mesh replicas{1, 2, 1, 1, false};
  const std::vector<SaveItem> items = plans_for(spec, replicas, folder).save.files[0].items;
  const SavePlan plan{{{pipe, {}, items, 0}, {file, {}, items, 1}}};
  std::string piped;
  run_ranks(2, [&](int rank, Communicator& world, Device&) {
    Engine engine(cpu(), spec_of_rank(spec, replicas, rank), &world);
    randomise(engine, 7, 0.2);
    if (rank == 0) {
      // A pipe cannot be synced.
      CHECK_THROWS(engine.save(plan), ErrorCode::io);
    } else {
      CHECK(engine.save(plan).size() == 1);
      std::ifstream from(pipe, std::ios::binary);
      piped.assign(std::istreambuf_iterator<char>(from), {});
    }
  });
  std::ifstream written(file, std::ios::binary);
  CHECK(!piped.empty());
  CHECK(piped == std::string(std::istreambuf_iterator<char>(written), {}));
  std::filesystem::remove_all(folder);
}

FLM_TEST(mesh_fresh_weights_are_the_same_under_any_mesh) {
  const EngineSpec spec = mesh_spec(mesh_shape(tiny_flm()), Precision::f32);
  LoadPlan fresh;
  fresh.seed = 11;
  for (const ParameterSpec& p : spec.parameters)
    fresh.moves.push_back(fill_move(p.name, FillKind::normal, 0.1));
  const auto load = [&](Engine& engine, int) { engine.load(fresh); };
  const Tensors one = states(spec, {}, load);
  for (const Mesh& mesh : kMeshes) CHECK(states(spec, mesh, load) == one);
}

}  // namespace
}  // namespace flm::test
