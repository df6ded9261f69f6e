// Gradients are reduced behind the backward pass, on a stream of their own.
#include "engine/gradient_sync.h"

#include "engine/scheduled_device.h"
#include "model/tiny_model.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

// Rank 0 of two, of which the other one has the same gradients: a sum is twice as much.
class PairedGroup final : public Communicator {
 public:
  // `scattered` gets the length of every reduce_scatter when it is called.
  explicit PairedGroup(Device& device, std::vector<int64_t>* scattered = nullptr)
      : device_(device), scattered_(scattered) {}
  int reductions() const { return reductions_; }
  // Calls of all groups until one fails; none fails without it.
  static inline std::optional<int> reductions_left;

  int rank() const override { return 0; }
  int size() const override { return 2; }
  void all_reduce(Out data, int64_t n, ReduceOp, Stream stream) override { sum(data, n, stream); }
  void reduce_scatter(Out own, In, int64_t n, Stream stream) override {
    if (scattered_) scattered_->push_back(n);
    sum(own, n, stream);
  }
  void all_gather(Out, In, int64_t, Stream) override {}
  void broadcast(Out, int64_t, int, Stream) override {}
  void send(In, int64_t, int, Stream) override {}
  void recv(Out, int64_t, int, Stream) override {}
  void barrier() override {}
  std::unique_ptr<Communicator> split(int, int) override {
    return std::make_unique<PairedGroup>(device_, scattered_);
  }
  void abort() noexcept override {}

 private:
  void sum(Out data, int64_t n, Stream stream) {
    if (reductions_left && (*reductions_left)-- == 0)
      fail(ErrorCode::comm_peer_lost, "the other rank is gone");
    device_.enqueue(stream, [this, data, n] {
      ++reductions_;
      for (int64_t i = 0; i < n; ++i) data.as<double>()[i] *= 2;
    });
  }

  Device& device_;
  std::vector<int64_t>* scattered_;
  int reductions_ = 0;
};

EngineSpec two_data_ranks(const ModelShape& shape) {
  EngineSpec spec = engine_spec(shape, Precision::f64);
  spec.mesh.data_size = 2;
  return spec;
}

ModelShape untied_model() {
  ModelShape shape = tiny_flm();
  shape.tie_embeddings = false;
  return shape;
}

struct Bench {
  explicit Bench(StreamRole eager) {
    backend = oracle::make_backend();
    backend.device = std::make_unique<ScheduledDevice>(eager);
    const EngineSpec spec = two_data_ranks(untied_model());
    store.emplace(backend, spec, whole_model(spec.shape), ComputeTypes{DType::f64, DType::f64});
    auto pair = std::make_unique<PairedGroup>(*backend.device);
    group = pair.get();
    groups.data = std::move(pair);
    sync.emplace(*store, groups, *backend.device);
  }

  ScheduledDevice& device() { return static_cast<ScheduledDevice&>(*backend.device); }
  Stream compute() { return backend.device->stream(StreamRole::compute); }
  int64_t blocks() const { return int64_t(store->layout().block_buckets.size()); }

  // What the backward pass does with the gradients of a bucket, in the end.
  void add_gradient(int64_t bucket, double value) {
    const Range range = store->layout().buckets[size_t(bucket)];
    auto* gradient = store->matrix_grads().as<double>() + range.begin;
    device().enqueue(compute(), [=] {
      for (int64_t i = 0; i < range.count; ++i) gradient[i] += value;
    });
  }

  Backend backend;
  Groups groups;
  PairedGroup* group;
  std::optional<ParameterStore> store;
  std::optional<GradientSync> sync;
};

struct Outcome {
  bool is_right;
  int waits;
};

// Two steps, whose gradients the compute stream reads at the end of each.
Outcome two_steps(StreamRole eager, int left_out) {
  Bench bench(eager);
  const ParameterLayout& layout = bench.store->layout();
  const size_t n = size_t(layout.matrix_total);
  std::vector<double> got(2 * n);
  bench.device().number_waits(left_out);
  for (size_t step = 0; step < 2; ++step) {
    bench.device().fill_zero(bench.store->matrix_grads().data, n * sizeof(double), bench.compute());
    bench.sync->begin();
    bench.add_gradient(*layout.head_bucket, double(step + 1));
    bench.sync->head_done();
    for (int64_t block = bench.blocks() - 1; block >= 0; --block) {
      bench.add_gradient(layout.block_buckets[size_t(block)], double(step + 1));
      bench.sync->block_done(block);
    }
    bench.add_gradient(0, double(step + 1));  // the embeddings come last
    bench.sync->finish();
    bench.device().copy(&got[step * n], bench.store->matrix_grads().data, n * sizeof(double),
                        CopyKind::device_to_device, bench.compute());
  }
  const int waits = bench.device().waits();
  bench.device().finish();
  bool is_right = true;
  for (size_t step = 0; step < 2; ++step)
    for (const Range& bucket : layout.buckets)
      for (int64_t i = 0; i < bucket.count / layout.data_size; ++i)
        is_right = is_right && got[step * n + size_t(bucket.begin + i)] == 2 * double(step + 1);
  return {is_right, waits};
}

FLM_TEST(gradients_are_summed_whichever_stream_is_ahead) {
  for (const StreamRole eager : {StreamRole::compute, StreamRole::comm}) CHECK(two_steps(eager, -1).is_right);
}

FLM_TEST(no_wait_of_the_gradient_sync_can_be_left_out) {
  const int waits = two_steps(StreamRole::comm, -1).waits;
  CHECK(waits >= 2);
  for (int i = 0; i < waits; ++i)
    if (two_steps(StreamRole::compute, i).is_right && two_steps(StreamRole::comm, i).is_right)
      report_failure(__FILE__, __LINE__, "nothing depends on wait " + std::to_string(i));
}

// Between two blocks of the backward pass: the first one's gradients have been reduced by the comm stream
// alone.
FLM_TEST(a_finished_block_is_reduced_while_the_backward_pass_goes_on) {
  Bench bench(StreamRole::compute);
  bench.sync->begin();
  bench.add_gradient(bench.store->layout().block_buckets.back(), 1);
  bench.sync->block_done(bench.blocks() - 1);
  CHECK_EQ(bench.group->reductions(), 0);
  bench.device().synchronize(bench.device().stream(StreamRole::comm));
  CHECK_EQ(bench.group->reductions(), 1);
}

// The first matrix whose gradient is complete is an untied head's, often the largest of all.
FLM_TEST(an_untied_head_is_reduced_before_the_blocks_of_the_last_micro_batch) {
  for (const bool tied : {false, true}) {
    ModelShape shape = untied_model();
    shape.tie_embeddings = tied;
    const EngineSpec spec = two_data_ranks(shape);
    Backend backend = oracle::make_backend();
    std::vector<int64_t> scattered;
    PairedGroup world(*backend.device, &scattered);
    Engine engine(std::move(backend), spec, &world);
    engine.open_token_files({write_token_file(
        random_tokens(kMicroBatches * spec.micro_batch_size * shape.seq_length + 1, shape.vocab_size, 1))});
    gradients(engine, Ramp{});

    const ParameterLayout layout = parameter_layout(shape, whole_model(shape), 2);
    const auto slice = [&](int64_t bucket) { return layout.buckets[size_t(bucket)].count / 2; };
    std::vector<int64_t> expected;
    if (!tied) expected.push_back(slice(*layout.head_bucket));
    for (size_t i = layout.block_buckets.size(); i-- > 0;) expected.push_back(slice(layout.block_buckets[i]));
    expected.push_back(slice(0));
    CHECK(scattered == expected);
  }
}

// Its comm stream does nothing before somebody waits for it, as one that is held up by other ranks.
class HeldUpDevice final : public oracle::HostDevice {
 public:
  explicit HeldUpDevice(int& freed_too_early) : freed_too_early_(freed_too_early) {}

  Stream stream(StreamRole role) override { return {role == StreamRole::comm ? &jobs_ : nullptr}; }
  void enqueue(Stream stream, std::function<void()> job) override {
    if (stream.handle)
      jobs_.push_back(std::move(job));
    else
      job();
  }
  void synchronize(Stream stream) override {
    if (!stream.handle) return;
    for (const auto& job : jobs_) job();
    jobs_.clear();
  }
  void release(void* memory) noexcept override {
    freed_too_early_ += !jobs_.empty();
    HostDevice::release(memory);
  }

 private:
  std::vector<std::function<void()>> jobs_;
  int& freed_too_early_;
};

// A rank may be lost to one group while another one's sums are still being made.
FLM_TEST(an_engine_whose_step_failed_frees_nothing_that_the_comm_stream_works_on) {
  int freed_too_early = 0;
  {
    Backend backend = oracle::make_backend();
    backend.device = std::make_unique<HeldUpDevice>(freed_too_early);
    const EngineSpec spec = two_data_ranks(untied_model());
    PairedGroup world(*backend.device);
    Engine engine(std::move(backend), spec, &world);
    engine.open_token_files({write_token_file(random_tokens(
        kMicroBatches * spec.micro_batch_size * spec.shape.seq_length + 1, spec.shape.vocab_size, 1))});
    PairedGroup::reductions_left = 3;
    CHECK_THROWS(gradients(engine, Ramp{}), ErrorCode::comm_peer_lost);
    PairedGroup::reductions_left = std::nullopt;
  }
  CHECK_EQ(freed_too_early, 0);
}

}  // namespace
}  // namespace flm::test
