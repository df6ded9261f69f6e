#include "engine/engine.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <future>

#include "engine/engine_impl.h"
#include "engine/host_values.h"
#include "engine/shard_file.h"
#include "engine/tensor_collector.h"

namespace flm {

namespace {

int64_t plane_size(const MeshSpec& mesh) { return mesh.tensor_size * mesh.data_size; }
int64_t rank_in_plane(const MeshSpec& mesh) { return mesh.data_rank * mesh.tensor_size + mesh.tensor_rank; }
// The pipeline rank of a file's tensors, and which rank of its plane writes it.
int64_t stage_of(const SaveFile& file, const MeshSpec& mesh) { return file.writer / plane_size(mesh); }
int64_t writer_in(const SaveFile& file, const MeshSpec& mesh) { return file.writer % plane_size(mesh); }

}  // namespace

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
  const DType master = impl_->types.stat, moments = impl_->store.moment_dtype();
  for (const ParameterSpec& p : impl_->spec.parameters)
    all.push_back({p.name, p.rows, p.cols, master, moments});
  return all;
}

void Engine::load(const LoadPlan& plan) {
  Impl& e = *impl_;
  e.store.load(e.device, e.context, plan);
  e.store.refresh_working(e.context, *e.backend.ops, e.groups.data.get());
  e.device.synchronize(e.context.stream);
  e.generator.reset();
}

void Engine::Impl::for_own_files(const SavePlan& plan,
                                 const std::function<void(const SaveFile&, const ItemSource&)>& use) {
  const MeshSpec& mesh = spec.mesh;
  TensorCollector collector(store, spec, shard, device, groups);
  std::exception_ptr failure;
  for (const SaveFile& file : plan.files) {
    check_cancelled();
    if (stage_of(file, mesh) != mesh.pipeline_rank) continue;
    const int64_t writer = writer_in(file, mesh);
    size_t collected = 0;
    try {
      if (writer == rank_in_plane(mesh))
        use(file, [&](const SaveItem& item, const ByteSink& sink) {
          ++collected;
          sink(collector.collect(item, writer));
        });
    } catch (...) {
      failure = std::current_exception();
    }
    // The others wait for this rank's parts, whatever became of the file.
    for (; collected < file.items.size(); ++collected) collector.collect(file.items[collected], writer);
  }
  if (failure) std::rethrow_exception(failure);
}

std::vector<SavedFile> Engine::save(const SavePlan& plan) {
  std::vector<SavedFile> saved;
  // The ranks of a stage collect in turn, but what one has collected it writes while the next one collects.
  const MeshSpec& mesh = impl_->spec.mesh;
  const bool takes_turns = std::ranges::any_of(plan.files, [&](const SaveFile& file) {
    return stage_of(file, mesh) == mesh.pipeline_rank && writer_in(file, mesh) != rank_in_plane(mesh);
  });
  std::future<SavedFile> writing;
  const auto finish = [&] {
    if (writing.valid()) saved.push_back(writing.get());
  };
  impl_->for_own_files(plan, [&](const SaveFile& file, const ItemSource& items) {
    if (!takes_turns) return saved.push_back(write_shard(file, items));
    finish();
    writing =
        std::async(std::launch::async, [image = image_of_shard(file, items)] { return write_image(image); });
  });
  finish();
  return saved;
}

std::vector<FileImage> Engine::snapshot(const SavePlan& plan) {
  std::vector<FileImage> images;
  impl_->for_own_files(plan, [&](const SaveFile& file, const ItemSource& items) {
    images.push_back(image_of_shard(file, items));
  });
  return images;
}

void Engine::open_token_files(const std::vector<std::string>& paths) {
  std::vector<data::TokenFile> opened;
  for (const std::string& path : paths) opened.push_back(data::TokenFile::open(path));
  impl_->files = std::move(opened);
}

StepReport Engine::step(const StepInput& input) {
  Impl& e = *impl_;
  FLM_CHECK(e.spec.trainable, ErrorCode::invalid_argument, "this engine was made without training");
  FLM_CHECK(!e.spec.one_micro_batch || input.num_micro_batches == 1, ErrorCode::invalid_argument,
            "this engine was made for steps of one micro-batch, not of ", input.num_micro_batches);
  e.store.zero_gradients(e.context.stream);
  e.sync.begin();
  const auto losses = e.pass(
      {input.pieces, input.num_micro_batches, input.ramp, input.force_masks, true, nullptr,
       input.row_weights},
      [&](const Run& run, PipelineWork work) {
        work.block_done = [&](int64_t block) { e.sync.block_done(block); };
        work.head_done = [&] { e.sync.head_done(); };
        run_training(
            run, input.instructions.empty() ? alternate(input.num_micro_batches) : input.instructions, work);
      });
  FLM_CHECK(losses.targets > 0, ErrorCode::invalid_argument, "the batch has no target to learn from");
  e.sync.finish();
  e.check_cancelled();
  e.store.norm_squared(e.context, *e.backend.ops);
  if (e.groups.mesh) e.groups.mesh->all_reduce(e.store.norm_squared(), 1, ReduceOp::sum, e.context.stream);

  // Every rank decides from the same sums whether the step counts.
  const double mean = losses.sum / double(losses.targets), weighted = e.shard.is_last ? input.loss : 0;
  const double loss = e.counted(input.row_weights.empty() ? mean : weighted);
  const std::vector<double> sums = e.sum_over(e.groups.mesh.get(), {loss, input.stop ? 1.0 : 0.0});
  StepReport report{};
  report.targets = losses.targets;
  report.loss = sums[0];
  report.stop = sums[1] > 0;
  report.grad_norm = std::sqrt(download(e.device, e.store.norm_squared(), 1)[0]);
  const auto exceeds = [](double value, double limit) { return !std::isfinite(value) || value > limit; };
  report.skipped = exceeds(report.loss, input.max_loss) || exceeds(report.grad_norm, input.max_grad_norm);
  if (!report.skipped) {
    e.store.optimizer_step(e.context, *e.backend.ops, input.lr);
    e.store.share_weights(e.context, e.groups.data.get());
    e.store.count_step();
    e.device.synchronize(e.context.stream);
  }
  return report;
}

EvalReport Engine::evaluate(const EvalInput& input) {
  Impl& e = *impl_;
  EvalReport report{};
  const auto losses = e.pass(
      {input.pieces,
       input.num_micro_batches,
       input.ramp,
       false,
       false,
       input.per_token ? &report.token_losses : nullptr,
       {}},
      [&](const Run& run, const PipelineWork& work) {
        run_evaluation(
            run, input.instructions.empty() ? forward_each(input.num_micro_batches) : input.instructions,
            work);
      });
  report.targets = losses.targets;
  const std::vector<double> sums =
      e.sum_over(e.groups.mesh.get(), {e.counted(losses.sum), input.stop ? 1.0 : 0.0});
  report.loss_sum = sums[0];
  report.stop = sums[1] > 0;
  return report;
}

GenerateReport Engine::generate(const GenerateInput& input) {
  Impl& e = *impl_;
  const auto with_run = [&](const std::function<void(const Run&)>& use) {
    Arena arena = e.activation_arena();
    use(e.generation_run(e.context, arena));
  };
  return e.the_generator(input.lanes).generate(input, with_run, [&] { e.check_cancelled(); });
}

}  // namespace flm
