#include "model/tiny_model.h"
#include "oracle/host_device.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

// Takes many lanes at once, as a GPU does, and refuses one allocation.
class ScarceDevice final : public oracle::HostDevice {
 public:
  int left = -1;  // allocations before the one that is refused; negative: none is

  void* allocate(size_t bytes) override {
    FLM_CHECK(left < 0 || left-- > 0, ErrorCode::out_of_memory, "no room for ", bytes, " bytes");
    return HostDevice::allocate(bytes);
  }
  bool host_accessible() const override { return false; }
};

FLM_TEST(an_engine_without_memory_to_generate_still_works) {
  auto device = std::make_unique<ScarceDevice>();
  ScarceDevice& scarce = *device;
  Backend backend = oracle::make_backend();
  backend.device = std::move(device);
  EngineSpec spec = engine_spec(tiny_flm(), Precision::f64);
  spec.trainable = false;
  const auto engine = ready_engine(std::move(backend), spec);
  const double loss = mean_loss(*engine, {});

  GenerateInput input{};
  input.lanes = 64;  // more tokens at once than a micro-batch has
  input.rows = {{0, {3}, 1}};
  input.max_tokens = 2;
  input.top_p = input.repetition_penalty = 1;
  input.vocab_size = spec.shape.vocab_size;
  const int of_the_lanes = int(2 * spec.shape.num_layers) + 2;
  scarce.left = of_the_lanes;  // the next one is for activations
  CHECK_THROWS(engine->generate(input), ErrorCode::out_of_memory);
  CHECK_EQ(scarce.left, -1);
  CHECK_EQ(mean_loss(*engine, {}), loss);
  CHECK_EQ(engine->generate(input)[0].tokens.size(), size_t(2));
}

FLM_TEST(a_full_lane_can_only_begin_anew) {
  const auto engine = ready_engine(oracle::make_backend(), engine_spec(tiny_flm(), Precision::f64));
  const ModelShape& shape = engine->spec().shape;
  GenerateInput input{};
  input.lanes = 1;
  input.rows = {{0, std::vector<int32_t>(size_t(shape.seq_length), 3), 1}};
  input.max_tokens = 4;
  input.top_p = input.repetition_penalty = 1;
  input.vocab_size = shape.vocab_size;
  const GenerateReport report = engine->generate(input);
  CHECK_EQ(report[0].tokens.size(), size_t(1));
  CHECK(report[0].full);
  input.rows[0].prompt.clear();
  CHECK_THROWS(engine->generate(input), ErrorCode::invalid_argument);
  input.rows[0].prompt = {3};
  CHECK_EQ(engine->generate(input)[0].tokens.size(), size_t(4));
}

}  // namespace
}  // namespace flm::test
