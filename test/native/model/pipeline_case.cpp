#include "model/pipeline_case.h"

#include "engine/byte_reader.h"
#include "temporary_file.h"

namespace flm::test {
namespace {

constexpr uint32_t kMagic = 0x504d4c46;  // "FLMP"
constexpr size_t kFields = 5;

std::vector<Instruction> read_instructions(ByteReader& in, const char* field) {
  const std::vector<int32_t> numbers = in.values<int32_t>(field);
  std::vector<Instruction> all;
  for (size_t at = 0; at < numbers.size(); at += kFields)
    all.push_back(
        {Instruction::Kind(numbers[at]), numbers[at + 1], numbers[at + 2], numbers[at + 3], numbers[at + 4]});
  return all;
}

PipelineCase read_case(ByteReader& in) {
  PipelineCase result;
  result.mesh.chunks = in.integer("chunks");
  result.ranks = in.list("ranks", [&] {
    PipelineLists lists;
    lists.training = read_instructions(in, "training");
    lists.evaluation = read_instructions(in, "evaluation");
    return lists;
  });
  result.mesh.pipeline = int64_t(result.ranks.size());
  return result;
}

}  // namespace

const std::vector<PipelineCase>& pipeline_cases() {
  static const std::vector<PipelineCase> all = [] {
    const auto bytes = read_whole_file(FLM_TEST_DIR "/fixtures/plans/pipeline-cases.bin");
    ByteReader in(bytes, "pipeline cases", kMagic, 1);
    auto cases = in.list("cases", [&] { return read_case(in); });
    in.finish();
    return cases;
  }();
  return all;
}

}  // namespace flm::test
