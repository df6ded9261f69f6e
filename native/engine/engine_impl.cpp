#include "engine/engine_impl.h"

#include <algorithm>

#include "core/pulse.h"
#include "data/gather.h"
#include "engine/host_values.h"

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

Engine::Impl::Impl(Backend b, EngineSpec s, Communicator* world)
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
  // No wait of this engine outlasts a lost rank, and nothing that such a rank spoiled is taken for a result.
  if (world) device.watch([world] { world->check(); });
  allocate_memory();
}

Engine::Impl::~Impl() {
  for (const StreamRole role : {StreamRole::compute, StreamRole::comm, StreamRole::copy}) {
    try {
      device.synchronize(device.stream(role));
    } catch (...) {
      // The step has met it before.
    }
  }
}

void Engine::Impl::allocate_memory() {
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
      const int64_t size = N * spec.shape.hidden_size;
      const Out x = run.take(size), spare = run.take(size);
      logits_of(run, losses.view(), chunk_forward_only(run, chunks[0], x, spare, batch), batch);
    }
  }
  if (spec.trainable) {
    store.norm_squared(measuring, *backend.ops);
    store.optimizer_step(measuring, *backend.ops, 0);
  }
  store.refresh_working(measuring, *backend.ops, nullptr);
  enlarge(arena_memory, arena.peak());
  enlarge(workspace, measuring.workspace_needed);
}

void Engine::Impl::enlarge(DeviceBuffer& memory, size_t bytes) {
  const size_t before = memory.bytes();
  if (bytes <= before) return;
  const auto replace = [&](size_t size) {
    memory = DeviceBuffer();  // first: there may be no room for both
    memory = DeviceBuffer(device, int64_t(size), DType::u8);
    context.workspace = workspace.view().data;
    context.workspace_bytes = workspace.bytes();
  };
  try {
    replace(bytes);
  } catch (const Error&) {
    replace(before);
    throw;
  }
}

Run Engine::Impl::make_run(Context& with, Arena& arena, const GrowthMaskViews& mask_views) {
  Run run{with, *backend.ops, arena, local, types, store.weights(), rotary.views(), mask_views};
  run.tensor = {groups.tensor.get(), shard.tensor_size, shard.tensor_rank,
                vocab_range(spec.shape, shard).begin, shard.sequence_parallel};
  run.recompute = spec.recompute;
  return run;
}

void Engine::Impl::check_cancelled() const {
  pulse::beat();
  if (is_whole() && cancel && cancel->load(std::memory_order_relaxed))
    fail(ErrorCode::cancelled, "cancelled");
}

std::vector<double> Engine::Impl::sum_over(Communicator* group, std::vector<double> values) {
  if (!group) return values;
  flm::upload(device, sums.view(), values);
  group->all_reduce(sums.view(), int64_t(values.size()), ReduceOp::sum, context.stream);
  return download(device, sums.view(), int64_t(values.size()));
}

PipelineWork Engine::Impl::work_of(int64_t count, std::function<TokenBatch(int64_t)> batch,
                                   std::function<void(int64_t)> losses_ready) {
  return {chunks,
          slots,
          groups.forward.get(),
          groups.backward.get(),
          count,
          N,
          std::move(batch),
          std::move(losses_ready),
          losses.view(),
          store.lent_gradients()};
}

Engine::Impl::BatchLosses Engine::Impl::pass(const Pass& p,
                                             const std::function<void(const Run&, PipelineWork)>& use) {
  const int64_t count = p.num_micro_batches;
  FLM_CHECK(count > 0, ErrorCode::invalid_argument, "num_micro_batches must be at least 1");
  check_cancelled();
  data::Batch batch = data::gather(files, p.pieces, count * spec.micro_batch_size, spec.shape.seq_length,
                                   spec.shape.vocab_size);
  const auto own_targets =
      std::count_if(batch.targets.begin(), batch.targets.end(), [](int32_t t) { return t >= 0; });
  BatchLosses result;
  result.targets = int64_t(sum_over(groups.data.get(), {double(own_targets)})[0]);
  upload.stage(std::move(batch), count, p.train, result.targets, p.row_weights);

  Arena arena = activation_arena();
  const Run run = make_run(context, arena, masks.at(p.ramp, p.force_masks));
  const size_t bytes = losses.bytes();
  auto* host = static_cast<unsigned char*>(host_losses.reserve(size_t(count) * bytes));
  const auto batch_of = [&](int64_t i) {
    check_cancelled();
    return upload.upload(i);
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
    if (p.token_losses) p.token_losses->push_back(float(loss));
  }
  return result;
}

TokenBatch Engine::Impl::stage_sequence(const std::vector<int32_t>& tokens) {
  data::Batch batch;
  batch.tokens.assign(size_t(N), 0);
  batch.targets.assign(size_t(N), -1);
  batch.positions.assign(size_t(N), 0);
  for (size_t i = 0; i < tokens.size(); ++i) {
    batch.tokens[i] = tokens[i];
    batch.positions[i] = int32_t(i);
  }
  upload.stage(std::move(batch), 1, false, 0, {});
  return upload.upload(0);
}

Run Engine::Impl::generation_run(Context& with, Arena& arena) {
  Run run = make_run(with, arena, masks.at({}, false));
  run.tensor.sequence_parallel = false;  // one token has no rows to share
  return run;
}

Generator& Engine::Impl::the_generator(int64_t lanes) {
  if (generator && generator->lanes() != lanes) generator.reset();
  if (!generator) {
    const ModelPart part{local, spec.shape.vocab_size, spec.mesh.tensor_size, {chunks, groups.forward.get()}};
    generator.emplace(backend, part, types.compute, lanes);
    Context measuring = context;
    measuring.measuring = true;
    Arena arena;
    generator->measure(generation_run(measuring, arena));
    try {
      enlarge(arena_memory, arena.peak());
      enlarge(workspace, measuring.workspace_needed);
    } catch (const Error&) {
      generator.reset();  // it has no memory to run in
      throw;
    }
  }
  return *generator;
}

}  // namespace flm
