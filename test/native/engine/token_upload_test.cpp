// Micro-batches on their way to the device: nothing is read before it is there or overwritten while it is
// read.
#include "engine/token_upload.h"

#include "engine/scheduled_device.h"
#include "model/tiny_model.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

constexpr int64_t kTokens = 8, kSeq = 4, kCount = 5, kVocab = 100;
// Forward and backward passes of a pipeline that has two micro-batches under way, the last ones twice.
constexpr int64_t kOrder[] = {0, 1, 0, 2, 1, 3, 2, 4, 3, 4, 4};

// Every micro-batch of every step has a token of its own.
int32_t token_of(int64_t step, int64_t micro_batch) { return int32_t(1 + step * kCount + micro_batch); }

data::Batch batch_of(int64_t step) {
  data::Batch batch;
  for (int64_t n = 0; n < kCount * kTokens; ++n) {
    batch.tokens.push_back(token_of(step, n / kTokens));
    batch.targets.push_back(0);
    batch.positions.push_back(int32_t(n % kSeq));
  }
  return batch;
}

struct Outcome {
  bool is_right;
  int waits;  // in the second step
};

// Two steps that read the tokens on the compute stream; the host does not wait for that between them, as
// after a pass that was cancelled.
Outcome two_steps(StreamRole eager, int left_out) {
  ScheduledDevice device(eager);
  TokenUpload upload(device, kTokens, kSeq, {0, kVocab}, DType::f32);
  std::vector<int32_t> got(std::size(kOrder) * 2 * size_t(kTokens)), want;
  for (int64_t step = 0; step < 2; ++step) {
    if (step == 1) device.number_waits(left_out);
    upload.stage(batch_of(step), kCount, true, kCount * kTokens, {});
    for (const int64_t i : kOrder) {
      const TokenBatch views = upload.upload(i);
      device.copy(&got[want.size()], views.tokens.data, size_t(kTokens) * 4, CopyKind::device_to_device,
                  device.stream(StreamRole::compute));
      want.insert(want.end(), size_t(kTokens), token_of(step, i));
    }
  }
  const int waits = device.waits();
  device.finish();
  return {got == want, waits};
}

FLM_TEST(every_micro_batch_is_read_whole_whichever_stream_is_ahead) {
  for (const StreamRole eager : {StreamRole::compute, StreamRole::copy}) CHECK(two_steps(eager, -1).is_right);
}

FLM_TEST(no_wait_of_the_token_upload_can_be_left_out) {
  const int waits = two_steps(StreamRole::copy, -1).waits;
  CHECK(waits > 2 * kCount);
  for (int i = 0; i < waits; ++i)
    if (two_steps(StreamRole::compute, i).is_right && two_steps(StreamRole::copy, i).is_right)
      report_failure(__FILE__, __LINE__, "nothing depends on wait " + std::to_string(i));
}

// The compute stream has not done anything with one micro-batch, and the next one is there.
FLM_TEST(the_next_micro_batch_is_uploaded_while_the_device_computes) {
  ScheduledDevice device(StreamRole::copy);
  TokenUpload upload(device, kTokens, kSeq, {0, kVocab}, DType::f32);
  upload.stage(batch_of(0), kCount, true, kCount * kTokens, {});
  bool computed = false;
  upload.upload(0);
  device.enqueue(device.stream(StreamRole::compute), [&] { computed = true; });
  const TokenBatch next = upload.upload(1);
  device.synchronize(device.stream(StreamRole::copy));
  CHECK_EQ(next.tokens.as<int32_t>()[0], token_of(0, 1));
  CHECK(!computed);
}

class SeparateMemory final : public oracle::HostDevice {
 public:
  bool host_accessible() const override { return false; }
};

FLM_TEST(uploaded_and_shared_memory_give_equal_steps) {
  const EngineSpec spec = engine_spec(tiny_flm(), Precision::f64);
  Backend separate = oracle::make_backend();
  separate.device = std::make_unique<SeparateMemory>();
  const auto uploads = ready_engine(std::move(separate), spec),
             shares = ready_engine(oracle::make_backend(), spec);
  const StepReport got = gradients(*uploads, {}), want = gradients(*shares, {});
  CHECK_EQ(got.loss, want.loss);
  CHECK_EQ(got.grad_norm, want.grad_norm);
  CHECK(uploads->read_gradient("embedding.weight") == shares->read_gradient("embedding.weight"));
}

}  // namespace
}  // namespace flm::test
