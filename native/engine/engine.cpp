#include "engine/engine.h"

#include <chrono>
#include <cmath>
#include <optional>

#include "data/gather.h"
#include "data/token_file.h"
#include "engine/generator.h"
#include "engine/host_values.h"
#include "engine/mask_buffers.h"
#include "engine/parameter_store.h"
#include "engine/rotary_tables.h"
#include "engine/shard_file.h"
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

}  // namespace

struct Engine::Impl {
  Impl(Backend b, EngineSpec s)
      : backend(std::move(b)),
        spec(std::move(s)),
        types(types_of(spec.precision)),
        device(*backend.device),
        context(backend.context()),
        N(spec.micro_batch_size * spec.shape.seq_length),
        store(backend, spec, types),
        rotary(device, spec.shape, types.stat),
        masks(device, spec.shape, spec.masks, types.stat),
        upload(device, N, spec.shape.seq_length, types.stat),
        losses(device, N, types.stat),
        host_losses(device) {
    FLM_CHECK(spec.micro_batch_size > 0, ErrorCode::invalid_argument, "micro_batch_size must be at least 1");
    allocate_memory();
  }

  // Runs the model once without computing anything, to learn what it needs.
  void allocate_memory() {
    Context measuring = context;
    measuring.measuring = true;
    Arena arena;
    const auto all_masks = [&](bool masked) {
      const Run run = make_run(measuring, arena, masks.at({}, masked));
      TokenBatch batch;
      batch.N = N;
      batch.num_segments = N;
      batch.max_segment = spec.shape.seq_length;
      batch.by_token.distinct = batch.by_position.distinct = N;
      if (spec.trainable) train_micro_batch(run, spec.recompute == Recompute::full, losses.view(), batch);
      evaluate_micro_batch(run, losses.view(), batch);
      logits_of(run, losses.view(), batch);
    };
    all_masks(false);
    all_masks(true);
    if (spec.trainable) store.optimizer_step(measuring, *backend.ops, 0);
    store.refresh_working(measuring, *backend.ops);
    arena_memory = DeviceBuffer(device, int64_t(arena.peak()), DType::u8);
    reserve_workspace(measuring.workspace_needed);
  }

  void reserve_workspace(size_t bytes) {
    if (bytes <= workspace.bytes()) return;
    workspace = DeviceBuffer();
    workspace = DeviceBuffer(device, int64_t(bytes), DType::u8);
    context.workspace = workspace.view().data;
    context.workspace_bytes = bytes;
  }

  Run make_run(Context& with, Arena& arena, const GrowthMaskViews& mask_views) {
    return {with, *backend.ops, arena, spec.shape, types, store.weights(), rotary.views(), mask_views};
  }

  Arena activation_arena() const { return {arena_memory.view().data, arena_memory.bytes()}; }

  void check_cancelled() const {
    if (cancel && cancel->load(std::memory_order_relaxed)) fail(ErrorCode::cancelled, "cancelled");
  }

  // Gathers and stages the batch; then calls one(run, losses, batch) for each micro-batch and sums the
  // losses.
  template <class One>
  double for_each_micro_batch(const std::vector<Piece>& pieces, int64_t count, const Ramp& ramp,
                              bool force_masks, bool train, int64_t& targets,
                              std::vector<float>* token_losses, One&& one) {
    FLM_CHECK(count > 0, ErrorCode::invalid_argument, "num_micro_batches must be at least 1");
    check_cancelled();
    const data::Batch batch = data::gather(files, pieces, count * spec.micro_batch_size,
                                           spec.shape.seq_length, spec.shape.vocab_size);
    targets = upload.stage(batch, count, train);
    Arena arena = activation_arena();
    const Run run = make_run(context, arena, masks.at(ramp, force_masks));
    const size_t bytes = losses.bytes();
    auto* host = static_cast<unsigned char*>(host_losses.reserve(size_t(count) * bytes));
    for (int64_t i = 0; i < count; ++i) {
      check_cancelled();
      one(run, losses.view(), upload.upload(i, context.stream));
      device.copy(host + size_t(i) * bytes, losses.view().data, bytes, CopyKind::device_to_host,
                  context.stream);
    }
    device.synchronize(context.stream);
    double sum = 0;
    for (int64_t n = 0; n < count * N; ++n) {
      const double loss = value_at(host, types.stat, n);
      sum += loss;
      if (token_losses) token_losses->push_back(float(loss));
    }
    return sum;
  }

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
    upload.stage(batch, 1, false);
    return upload.upload(0, context.stream);
  }

  Generator& the_generator() {
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

  Backend backend;
  EngineSpec spec;
  ComputeTypes types;
  Device& device;
  Context context;
  int64_t N;  // tokens of a micro-batch
  ParameterStore store;
  RotaryTableBuffers rotary;
  MaskBuffers masks;
  TokenUpload upload;
  DeviceBuffer losses;  // (N) of one micro-batch
  PinnedBuffer host_losses;
  DeviceBuffer arena_memory, workspace;
  std::vector<data::TokenFile> files;
  std::optional<Generator> generator;
  const std::atomic<bool>* cancel = nullptr;
};

Engine::Engine(Backend backend, EngineSpec spec)
    : impl_(std::make_unique<Impl>(std::move(backend), std::move(spec))) {}
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
  for (const Parameter& p : impl_->store.layout().parameters)
    all.push_back({p.name, p.rows, p.cols, stat, stat});
  return all;
}

void Engine::load(const LoadPlan& plan) {
  impl_->store.load(impl_->device, impl_->context, *impl_->backend.ops, plan);
  impl_->generator.reset();
}

std::vector<SavedFile> Engine::save(const SavePlan& plan) {
  Impl& e = *impl_;
  std::vector<SavedFile> saved;
  std::vector<uint8_t> host;
  for (const SaveFile& file : plan.files) {
    e.check_cancelled();
    saved.push_back(write_shard(file, [&](const SaveItem& item, const ByteSink& sink) {
      const Parameter& p = e.store.layout().find(item.tensor);
      const Out from = e.store.state(p, item.kind);
      host.resize(size_t(p.size()) * size_of(from.dtype));
      e.device.copy(host.data(), from.data, host.size(), CopyKind::device_to_host, e.context.stream);
      e.device.synchronize(e.context.stream);
      sink(host);
    }));
  }
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
  StepReport report{};
  e.store.zero_gradients(e.context.stream);
  const double loss_sum = e.for_each_micro_batch(
      input.pieces, input.num_micro_batches, input.ramp, input.force_masks, true, report.targets, nullptr,
      [&](const Run& run, Out losses, const TokenBatch& batch) {
        train_micro_batch(run, e.spec.recompute == Recompute::full, losses, batch);
      });
  FLM_CHECK(report.targets > 0, ErrorCode::invalid_argument, "the batch has no target to learn from");
  e.check_cancelled();
  e.store.optimizer_step(e.context, *e.backend.ops, input.lr);
  report.grad_norm = std::sqrt(download(e.device, e.store.norm_squared(), 1)[0]);
  report.skipped = !std::isfinite(report.grad_norm);
  if (!report.skipped) e.store.count_step();
  report.loss = loss_sum / double(report.targets);
  report.step_ms = milliseconds_since(start);
  return report;
}

EvalReport Engine::evaluate(const EvalInput& input) {
  EvalReport report{};
  report.loss_sum = impl_->for_each_micro_batch(
      input.pieces, input.num_micro_batches, input.ramp, false, false, report.targets,
      input.per_token ? &report.token_losses : nullptr,
      [&](const Run& run, Out losses, const TokenBatch& batch) { evaluate_micro_batch(run, losses, batch); });
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
  const Parameter& p = impl_->store.layout().find(tensor);
  return download(impl_->device, impl_->store.gradient(p), p.size());
}

std::vector<double> Engine::read_state(const std::string& tensor, StateKind kind) {
  const Parameter& p = impl_->store.layout().find(tensor);
  return download(impl_->device, impl_->store.state(p, kind), p.size());
}

void Engine::write_master(const std::string& tensor, const std::vector<double>& values) {
  const Parameter& p = impl_->store.layout().find(tensor);
  FLM_CHECK(int64_t(values.size()) == p.size(), ErrorCode::invalid_argument, tensor, " has ", p.size(),
            " elements, given were ", values.size());
  upload(impl_->device, impl_->store.state(p, StateKind::master), values);
  impl_->store.refresh_working(impl_->context, *impl_->backend.ops);
  impl_->device.synchronize(impl_->context.stream);
}

std::vector<double> Engine::logits(const std::vector<int32_t>& tokens, const Ramp& ramp, bool force_masks) {
  Impl& e = *impl_;
  FLM_CHECK(int64_t(tokens.size()) <= e.spec.shape.seq_length, ErrorCode::invalid_argument,
            "the sequence has ", tokens.size(), " tokens, seq_length is ", e.spec.shape.seq_length);
  const TokenBatch batch = e.stage_sequence(tokens);
  const DeviceBuffer logits(e.device, e.N * e.spec.shape.vocab_size, e.types.compute);
  Arena arena = e.activation_arena();
  logits_of(e.make_run(e.context, arena, e.masks.at(ramp, force_masks)), logits.view(), batch);
  return download(e.device, logits.view(), int64_t(tokens.size()) * e.spec.shape.vocab_size);
}

}  // namespace flm
