#pragma once
// Pipeline schedules as lib/parallel makes them, from test/fixtures/plans/pipeline-cases.ts.
#include <string>
#include <vector>

#include "model/mesh.h"

namespace flm::test {

// The work lists of one rank for kGlobalRows micro-batches.
struct PipelineLists {
  std::vector<Instruction> training, evaluation;
};

struct PipelineCase {
  Mesh mesh;
  std::vector<PipelineLists> ranks;
};

const std::vector<PipelineCase>& pipeline_cases();

}  // namespace flm::test
