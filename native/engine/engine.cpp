#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <optional>

#include "data/gather.h"
#include "data/token_file.h"
#include "engine/generator.h"
#include "engine/gradient_sync.h"
#include "engine/groups.h"
#include "engine/host_values.h"
#include "engine/mask_buffers.h"
#include "engine/parameter_store.h"
#include "engine/pipeline.h"
#include "engine/rotary_tables.h"
#include "engine/shard_file.h"
#include "engine/tensor_collector.h"
#include "engine/token_upload.h"
#include "model/decoder.h"

namespace flm {

namespace {

ComputeTypes types_of(Precision precision) {
  switch (precision) {
    case Precision::f32:
      return {DType::f32, DType::f32};
    case Precision::bf16:
      return {DType::bf16, DType::f32};
    case Precision::f64:
      return {DType::f64, DType::f64};
  }
  fail(ErrorCode::internal, "unknown precision");
}

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

// Where element i of a rank's box lies in the whole tensor.
int64_t global_index(const Parameter& p, int64_t i) {
  return (p.box.row_begin + i / p.box.col_count) * p.cols + p.box.col_begin + i % p.box.col_count;
}

Shard shard_of(const EngineSpec& spec) {
  const MeshSpec& m = spec.mesh;
  Shard shard = whole_model(spec.shape);
  shard.tensor_size = m.tensor_size;
  shard.tensor_rank = m.tensor_rank;
  shard.sequence_parallel = m.sequence_parallel && m.tensor_size > 1;
  if (!m.chunks.empty()) shard.chunks = m.chunks;
  shard.is_first = m.pipeline_rank == 0;
  shard.is_last = m.pipeline_rank == m.pipeline_size - 1;
  return shard;
}

std::vector<int64_t> slots_of(const MeshSpec& mesh, const Shard& shard) {
  if (mesh.slots.empty()) return std::vector<int64_t>(shard.chunks.size(), 1);
  FLM_CHECK(mesh.slots.size() == shard.chunks.size(), ErrorCode::invalid_argument,
            "the mesh states slots of ", mesh.slots.size(), " chunks, there are ", shard.chunks.size());
  return mesh.slots;
}

}  // namespace

struct Engine::Impl {
  Impl(Backend b, EngineSpec s, Communicator* world)
      : backend(std::move(b)),
        spec(std::move(s)),
        types(types_of(spec.precision)),
        device(*backend.device),
        context(backend.context()),
        N(spec.micro_batch_size * spec.shape.seq_length),
        shard(shard_of(spec)),
        local(local_shape(spec.shape, shard)),
        chunks(chunks_of(shard)),
        slots(slots_of(spec.mesh, shard)),
        groups(make_groups(world, spec)),
        store(backend, spec, shard, types),
        sync(store, groups, device),
        rotary(device, spec.shape, types.stat),
        masks(device, spec.shape, shard, spec.masks, types.stat),
        upload(device, N, spec.shape.seq_length, vocab_range(spec.shape, shard), types.stat),
        losses(device, N, types.stat),
        sums(device, kMostSums, DType::f64),
        host_losses(device) {
    FLM_CHECK(spec.micro_batch_size > 0, ErrorCode::invalid_argument, "micro_batch_size must be at least 1");
    allocate_memory();
  }

  // Runs the model once without computing anything, to learn what it needs.
  void allocate_memory() {
    Context measuring = context;
    measuring.measuring = true;
    Arena arena;
    TokenBatch batch;
    batch.N = N;
    batch.num_segments = N;
    batch.max_segment = spec.shape.seq_length;
    batch.by_token.distinct = batch.by_position.distinct = N;
    const auto work = work_of(1, [&](int64_t) { return batch; }, [](int64_t) {});
    for (const bool masked : {false, true}) {
      const Run run = make_run(measuring, arena, masks.at({}, masked));
      for (int64_t c = 0; c < int64_t(chunks.size()); ++c) {
        using Kind = Instruction::Kind;
        if (spec.trainable)
          run_training(run, {{Kind::forward, 0, c, 0, -1}, {Kind::backward, 0, c, 0, -1}}, work);
        run_evaluation(run, {{Kind::forward, 0, c, 0, -1}}, work);
      }
      if (is_whole()) {
        const ArenaScope scope(arena);
        logits_of(run, losses.view(), run.take(N * spec.shape.hidden_size), batch);
      }
    }
    if (spec.trainable) {
      store.norm_squared(measuring, *backend.ops);
      store.optimizer_step(measuring, *backend.ops, 0);
    }
    store.refresh_working(measuring, *backend.ops, nullptr);
    arena_memory = DeviceBuffer(device, int64_t(arena.peak()), DType::u8);
    reserve_workspace(measuring.workspace_needed);
  }

  // One rank holds all of the model and sees all of the batch.
  bool is_whole() const { return spec.mesh.size() == 1; }

  void reserve_workspace(size_t bytes) {
    if (bytes <= workspace.bytes()) return;
    workspace = DeviceBuffer();
    workspace = DeviceBuffer(device, int64_t(bytes), DType::u8);
    context.workspace = workspace.view().data;
    context.workspace_bytes = bytes;
  }

  Run make_run(Context& with, Arena& arena, const GrowthMaskViews& mask_views) {
    Run run{with, *backend.ops, arena, local, types, store.weights(), rotary.views(), mask_views};
    run.tensor = {groups.tensor.get(), shard.tensor_size, shard.tensor_rank,
                  vocab_range(spec.shape, shard).begin, shard.sequence_parallel};
    run.recompute = spec.recompute;
    return run;
  }

  Arena activation_arena() const { return {arena_memory.view().data, arena_memory.bytes()}; }

  void check_cancelled() const {
    if (is_whole() && cancel && cancel->load(std::memory_order_relaxed))
      fail(ErrorCode::cancelled, "cancelled");
  }

  // The sums of a few numbers over a group (null: this rank alone).
  std::vector<double> sum_over(Communicator* group, std::vector<double> values) {
    if (!group) return values;
    flm::upload(device, sums.view(), values);
    group->all_reduce(sums.view(), int64_t(values.size()), ReduceOp::sum, context.stream);
    return download(device, sums.view(), int64_t(values.size()));
  }

  template <class Batch, class Losses>
  PipelineWork work_of(int64_t count, Batch&& batch, Losses&& losses_ready) {
    return {chunks, slots, groups.forward.get(), groups.backward.get(), count,
            N,      batch, losses_ready,         losses.view(),         {}};
  }

  struct BatchLosses {
    double sum = 0;       // nats, of this rank's rows; 0 where another rank has the head
    int64_t targets = 0;  // of all ranks
  };

  // Gathers and stages this rank's share of the batch, then lets use(run, work) pass it through the model.
  template <class Use>
  BatchLosses pass(const std::vector<Piece>& pieces, int64_t count, const Ramp& ramp, bool force_masks,
                   bool train, std::vector<float>* token_losses, Use&& use) {
    FLM_CHECK(count > 0, ErrorCode::invalid_argument, "num_micro_batches must be at least 1");
    check_cancelled();
    const data::Batch batch = data::gather(files, pieces, count * spec.micro_batch_size,
                                           spec.shape.seq_length, spec.shape.vocab_size);
    const auto own_targets =
        std::count_if(batch.targets.begin(), batch.targets.end(), [](int32_t t) { return t >= 0; });
    BatchLosses result;
    result.targets = int64_t(sum_over(groups.data.get(), {double(own_targets)})[0]);
    upload.stage(batch, count, train, result.targets);

    Arena arena = activation_arena();
    const Run run = make_run(context, arena, masks.at(ramp, force_masks));
    const size_t bytes = losses.bytes();
    auto* host = static_cast<unsigned char*>(host_losses.reserve(size_t(count) * bytes));
    int64_t uploaded = -1;
    TokenBatch on_device;
    const auto batch_of = [&](int64_t i) {
      check_cancelled();
      if (i != uploaded) on_device = upload.upload(i, context.stream);
      uploaded = i;
      return on_device;
    };
    const auto losses_ready = [&](int64_t i) {
      device.copy(host + size_t(i) * bytes, losses.view().data, bytes, CopyKind::device_to_host,
                  context.stream);
    };
    use(run, work_of(count, batch_of, losses_ready));
    device.synchronize(context.stream);
    if (!shard.is_last) return result;
    for (int64_t n = 0; n < count * N; ++n) {
      const double loss = value_at(host, types.stat, n);
      result.sum += loss;
      if (token_losses) token_losses->push_back(float(loss));
    }
    return result;
  }

  // Every tensor-parallel rank has computed the same losses: the first one's count.
  double counted(double loss_sum) const { return shard.tensor_rank == 0 ? loss_sum : 0; }

  // One sequence of given tokens, staged as a single micro-batch.
  TokenBatch stage_sequence(const std::vector<int32_t>& tokens) {
    data::Batch batch;
    batch.tokens.assign(size_t(N), 0);
    batch.targets.assign(size_t(N), -1);
    batch.positions.assign(size_t(N), 0);
    for (size_t i = 0; i < tokens.size(); ++i) {
      batch.tokens[i] = tokens[i];
      batch.positions[i] = int32_t(i);
    }
    upload.stage(batch, 1, false, 0);
    return upload.upload(0, context.stream);
  }

  Generator& the_generator() {
    FLM_CHECK(is_whole(), ErrorCode::not_supported, "generation runs on one rank, this engine is one of ",
              spec.mesh.size());
    if (!generator) {
      generator.emplace(backend, spec.shape, types);
      Context measuring = context;
      measuring.measuring = true;
      Arena arena;
      generator->measure(make_run(measuring, arena, masks.at({}, false)));
      if (arena.peak() > arena_memory.bytes()) {
        arena_memory = DeviceBuffer();
        arena_memory = DeviceBuffer(device, int64_t(arena.peak()), DType::u8);
      }
      reserve_workspace(measuring.workspace_needed);
    }
    return *generator;
  }

  // A tensor of the whole model with what this rank owns of it, from `read`, and zero elsewhere.
  template <class Read>
  std::vector<double> owned_of(const std::string& tensor, Read&& read) {
    const auto whole = std::find_if(spec.parameters.begin(), spec.parameters.end(),
                                    [&](const ParameterSpec& p) { return p.name == tensor; });
    FLM_CHECK(whole != spec.parameters.end(), ErrorCode::invalid_argument,
              "this model has no parameter named ", tensor);
    std::vector<double> values(size_t(whole->rows * whole->cols));
    if (!store.holds(tensor)) return values;
    const Parameter& p = store.layout().find(tensor);
    const Range owned = store.owned(p);
    if (!store.counts(p) || owned.count == 0) return values;
    const std::vector<double> part = download(device, read(p), owned.count);
    for (int64_t i = 0; i < owned.count; ++i)
      values[size_t(global_index(p, owned.begin + i))] = part[size_t(i)];
    return values;
  }

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

Engine::Engine(Backend backend, EngineSpec spec, Communicator* world)
    : impl_(std::make_unique<Impl>(std::move(backend), std::move(spec), world)) {}
Engine::~Engine() = default;

const EngineSpec& Engine::spec() const { return impl_->spec; }
const Backend& Engine::backend() const { return impl_->backend; }
void Engine::set_cancel_flag(const std::atomic<bool>* flag) { impl_->cancel = flag; }
void Engine::set_trace(Trace* trace) { impl_->context.trace = trace; }

size_t Engine::memory_bytes() const {
  const Impl& e = *impl_;
  return e.store.bytes() + e.rotary.bytes() + e.upload.bytes() + e.losses.bytes() + e.arena_memory.bytes() +
         e.workspace.bytes() + (e.generator ? e.generator->bytes() : 0);
}

std::vector<TensorInfo> Engine::tensors() const {
  std::vector<TensorInfo> all;
  const DType stat = impl_->types.stat;
  for (const ParameterSpec& p : impl_->spec.parameters) all.push_back({p.name, p.rows, p.cols, stat, stat});
  return all;
}

void Engine::load(const LoadPlan& plan) {
  Impl& e = *impl_;
  e.store.load(e.device, e.context, plan);
  e.store.refresh_working(e.context, *e.backend.ops, e.groups.data.get());
  e.device.synchronize(e.context.stream);
  e.generator.reset();
}

std::vector<SavedFile> Engine::save(const SavePlan& plan) {
  Impl& e = *impl_;
  const MeshSpec& mesh = e.spec.mesh;
  const int64_t plane_size = mesh.tensor_size * mesh.data_size;
  const int64_t self = mesh.data_rank * mesh.tensor_size + mesh.tensor_rank;
  TensorCollector collector(e.store, e.spec, e.shard, e.device, e.groups.plane.get());
  std::vector<SavedFile> saved;
  std::exception_ptr failure;
  for (const SaveFile& file : plan.files) {
    e.check_cancelled();
    if (file.writer / plane_size != mesh.pipeline_rank) continue;
    const int64_t writer = file.writer % plane_size;
    size_t collected = 0;
    try {
      if (writer == self)
        saved.push_back(write_shard(file, [&](const SaveItem& item, const ByteSink& sink) {
          ++collected;
          sink(collector.collect(item, writer));
        }));
    } catch (...) {
      failure = std::current_exception();
    }
    // The others wait for this rank's parts, whatever became of the file.
    for (; collected < file.items.size(); ++collected) collector.collect(file.items[collected], writer);
  }
  if (failure) std::rethrow_exception(failure);
  return saved;
}

void Engine::open_token_files(const std::vector<std::string>& paths) {
  std::vector<data::TokenFile> opened;
  for (const std::string& path : paths) opened.push_back(data::TokenFile::open(path));
  impl_->files = std::move(opened);
}

StepReport Engine::step(const StepInput& input) {
  Impl& e = *impl_;
  FLM_CHECK(e.spec.trainable, ErrorCode::invalid_argument, "this engine was made without training");
  const auto start = std::chrono::steady_clock::now();
  e.store.zero_gradients(e.context.stream);
  e.sync.begin();
  const auto losses = e.pass(
      input.pieces, input.num_micro_batches, input.ramp, input.force_masks, true, nullptr,
      [&](const Run& run, PipelineWork work) {
        work.block_done = [&](int64_t block) { e.sync.block_done(block); };
        run_training(
            run, input.instructions.empty() ? alternate(input.num_micro_batches) : input.instructions, work);
      });
  FLM_CHECK(losses.targets > 0, ErrorCode::invalid_argument, "the batch has no target to learn from");
  e.sync.finish();
  e.check_cancelled();
  e.store.norm_squared(e.context, *e.backend.ops);
  if (e.groups.mesh) e.groups.mesh->all_reduce(e.store.norm_squared(), 1, ReduceOp::sum, e.context.stream);
  e.store.optimizer_step(e.context, *e.backend.ops, input.lr);
  e.store.share_weights(e.context, e.groups.data.get());

  const std::vector<double> sums =
      e.sum_over(e.groups.mesh.get(), {e.counted(losses.sum), input.stop ? 1.0 : 0.0});
  StepReport report{};
  report.grad_norm = std::sqrt(download(e.device, e.store.norm_squared(), 1)[0]);
  report.skipped = !std::isfinite(report.grad_norm);
  if (!report.skipped) e.store.count_step();
  report.targets = losses.targets;
  report.loss = sums[0] / double(losses.targets);
  report.stop = sums[1] > 0;
  report.step_ms = milliseconds_since(start);
  return report;
}

EvalReport Engine::evaluate(const EvalInput& input) {
  Impl& e = *impl_;
  EvalReport report{};
  const auto losses = e.pass(
      input.pieces, input.num_micro_batches, input.ramp, false, false,
      input.per_token ? &report.token_losses : nullptr, [&](const Run& run, const PipelineWork& work) {
        run_evaluation(
            run, input.instructions.empty() ? forward_each(input.num_micro_batches) : input.instructions,
            work);
      });
  report.targets = losses.targets;
  report.loss_sum = e.sum_over(e.groups.mesh.get(), {e.counted(losses.sum)})[0];
  return report;
}

GenerateReport Engine::generate(const GenerateInput& input) {
  Impl& e = *impl_;
  const auto with_run = [&](const std::function<void(const Run&)>& use) {
    Arena arena = e.activation_arena();
    use(e.make_run(e.context, arena, e.masks.at({}, false)));
  };
  return e.the_generator().generate(input, with_run, [&] { e.check_cancelled(); });
}

std::vector<double> Engine::read_gradient(const std::string& tensor) {
  Impl& e = *impl_;
  return e.owned_of(tensor,
                    [&](const Parameter& p) { return e.store.gradient(p).at(e.store.owned(p).begin); });
}

std::vector<double> Engine::read_state(const std::string& tensor, StateKind kind) {
  Impl& e = *impl_;
  return e.owned_of(tensor, [&](const Parameter& p) { return e.store.state(p, kind); });
}

void Engine::write_master(const std::string& tensor, const std::vector<double>& values) {
  Impl& e = *impl_;
  if (!e.store.holds(tensor)) return;
  const Parameter& p = e.store.layout().find(tensor);
  FLM_CHECK(int64_t(values.size()) == p.rows * p.cols, ErrorCode::invalid_argument, tensor, " has ",
            p.rows * p.cols, " elements, given were ", values.size());
  const Range owned = e.store.owned(p);
  std::vector<double> part;
  for (int64_t i = owned.begin; i < owned.end(); ++i) part.push_back(values[size_t(global_index(p, i))]);
  if (!part.empty()) flm::upload(e.device, e.store.state(p, StateKind::master), part);
  e.store.refresh_working(e.context, *e.backend.ops, e.groups.data.get());
  e.device.synchronize(e.context.stream);
}

std::vector<double> Engine::logits(const std::vector<int32_t>& tokens, const Ramp& ramp, bool force_masks) {
  Impl& e = *impl_;
  FLM_CHECK(int64_t(tokens.size()) <= e.spec.shape.seq_length, ErrorCode::invalid_argument,
            "the sequence has ", tokens.size(), " tokens, seq_length is ", e.spec.shape.seq_length);
  FLM_CHECK(e.is_whole(), ErrorCode::not_supported, "logits are read on one rank, this engine is one of ",
            e.spec.mesh.size());
  const TokenBatch batch = e.stage_sequence(tokens);
  const DeviceBuffer logits(e.device, e.N * e.spec.shape.vocab_size, e.types.compute);
  Arena arena = e.activation_arena();
  const Run run = e.make_run(e.context, arena, e.masks.at(ramp, force_masks));
  const int64_t size = e.N * e.spec.shape.hidden_size;
  const Out x = run.take(size), spare = run.take(size);
  logits_of(run, logits.view(), chunk_forward_only(run, e.chunks[0], x, spare, batch), batch);
  return download(e.device, logits.view(), int64_t(tokens.size()) * e.spec.shape.vocab_size);
}

}  // namespace flm
