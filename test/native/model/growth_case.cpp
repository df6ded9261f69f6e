#include "model/growth_case.h"

#include "cpu/cpu_backend.h"
#include "engine/byte_reader.h"
#include "engine/codec.h"
#include "model/tiny_model.h"
#include "oracle/oracle.h"
#include "temporary_file.h"

namespace flm::test {
namespace {

constexpr uint32_t kMagic = 0x474d4c46;  // "FLMG"

EngineSpec read_spec(ByteReader& in) {
  EngineSpec spec = read_engine_spec(in.values<uint8_t>("spec"));
  spec.parameters = engine_spec(spec.shape, spec.precision).parameters;
  return spec;
}

GrowthCase read_case(ByteReader& in) {
  GrowthCase growth;
  growth.name = in.string("name");
  growth.before = read_spec(in);
  growth.after = read_spec(in);
  growth.plan = read_load_plan(in.values<uint8_t>("plan"));
  return growth;
}

std::unique_ptr<Engine> engine_for(EngineSpec spec, Precision precision) {
  spec.precision = precision;
  return ready_engine(precision == Precision::f64 ? oracle::make_backend() : cpu::make_backend(2), spec);
}

// What the cases take for a checkpoint: all masters, then all of each moment, as doubles.
std::vector<double> state_of(Engine& engine) {
  std::vector<double> all;
  for (const StateKind kind : {StateKind::master, StateKind::exp_avg, StateKind::exp_avg_sq})
    for (const TensorInfo& t : engine.tensors()) {
      const auto values = engine.read_state(t.name, kind);
      all.insert(all.end(), values.begin(), values.end());
    }
  return all;
}

}  // namespace

const std::vector<GrowthCase>& growth_cases() {
  static const std::vector<GrowthCase> all = [] {
    const auto bytes = read_whole_file(FLM_TEST_DIR "/fixtures/plans/growth-cases.bin");
    ByteReader in(bytes, "growth cases", kMagic, 1);
    auto cases = in.list("cases", [&] { return read_case(in); });
    in.finish();
    return cases;
  }();
  return all;
}

GrownModels carry_out(const GrowthCase& growth, Precision precision, int steps) {
  GrownModels models{engine_for(growth.before, precision), engine_for(growth.after, precision)};
  for (int step = 0; step < steps; ++step)
    models.before->step({whole_rows(growth.before, kMicroBatches), kMicroBatches, 1e-3, {}});
  const TemporaryFile checkpoint(bytes_of(state_of(*models.before)));
  LoadPlan plan = growth.plan;
  plan.files = {checkpoint.path()};
  models.after->load(plan);
  return models;
}

}  // namespace flm::test
