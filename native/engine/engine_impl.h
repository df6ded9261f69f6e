#pragma once
// What an engine is made of: shared by the files that implement Engine.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/token_file.h"
#include "engine/engine.h"
#include "engine/generator.h"
#include "engine/gradient_sync.h"
#include "engine/groups.h"
#include "engine/mask_buffers.h"
#include "engine/parameter_store.h"
#include "engine/pipeline.h"
#include "engine/rotary_tables.h"
#include "engine/token_upload.h"
#include "model/decoder.h"

namespace flm {

struct Engine::Impl {
  Impl(Backend backend, EngineSpec spec, Communicator* world);
  // Waits for what a failed step has left on the streams: it works on memory that is freed then.
  ~Impl();

  // Runs the model once without computing anything, to learn what it needs.
  void allocate_memory();
  // Makes the activations' or the ops' memory at least this large. Without room for that it throws, and the
  // memory has its old size.
  void enlarge(DeviceBuffer& memory, size_t bytes);
  Arena activation_arena() const { return {arena_memory.view().data, arena_memory.bytes()}; }
  Run make_run(Context& with, Arena& arena, const GrowthMaskViews& mask_views);

  // One rank holds all of the model and sees all of the batch.
  bool is_whole() const { return spec.mesh.size() == 1; }
  // Between two units of work.
  void check_cancelled() const;
  // The sums of a few numbers over a group (null: this rank alone).
  std::vector<double> sum_over(Communicator* group, std::vector<double> values);
  // Every tensor-parallel rank has computed the same losses: the first one's count.
  double counted(double loss_sum) const { return shard.tensor_rank == 0 ? loss_sum : 0; }

  PipelineWork work_of(int64_t count, std::function<TokenBatch(int64_t)> batch,
                       std::function<void(int64_t)> losses_ready);

  struct BatchLosses {
    double sum = 0;       // nats, of this rank's rows; 0 where another rank has the head
    int64_t targets = 0;  // of all ranks
  };
  struct Pass {
    const std::vector<Piece>& pieces;  // this rank's share of the batch
    int64_t num_micro_batches;
    const Ramp& ramp;
    bool force_masks, train;
    std::vector<float>* token_losses;        // null: only their sum is wanted
    const std::vector<double>& row_weights;  // see StepInput
  };
  // Gathers and stages the batch, then lets use(run, work) pass it through the model.
  BatchLosses pass(const Pass& pass, const std::function<void(const Run&, PipelineWork)>& use);

  // Calls use(file, items) for every file that this rank writes. Collective, as the items come from several
  // ranks.
  void for_own_files(const SavePlan& plan,
                     const std::function<void(const SaveFile&, const ItemSource&)>& use);

  // One sequence of given tokens, staged as a single micro-batch.
  TokenBatch stage_sequence(const std::vector<int32_t>& tokens);
  // Without growth masks, and with whole rows on every rank.
  Run generation_run(Context& with, Arena& arena);
  Generator& the_generator(int64_t lanes);

  static constexpr int64_t kMostSums = 4;

  Backend backend;
  EngineSpec spec;
  ComputeTypes types;
  Device& device;
  Context context;
  int64_t N;  // tokens of a micro-batch
  Shard shard;
  ModelShape local;  // of what this rank holds
  std::vector<Chunk> chunks;
  std::vector<int64_t> slots;
  Groups groups;
  ParameterStore store;
  GradientSync sync;
  RotaryTableBuffers rotary;
  MaskBuffers masks;
  TokenUpload upload;
  DeviceBuffer losses;  // (N) of one micro-batch
  DeviceBuffer sums;    // (kMostSums) f64
  PinnedBuffer host_losses;
  DeviceBuffer arena_memory, workspace;
  std::vector<data::TokenFile> files;
  std::optional<Generator> generator;
  const std::atomic<bool>* cancel = nullptr;
};

}  // namespace flm
