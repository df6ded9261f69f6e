#pragma once
// Growth events between small models, as lib/growth plans them: test/fixtures/plans/growth-cases.ts says
// which.
#include <memory>
#include <string>
#include <vector>

#include "core/backend.h"
#include "engine/engine.h"

namespace flm::test {

struct GrowthCase {
  std::string name;
  EngineSpec before, after;
  LoadPlan plan;  // its one file is yet to be named
};

const std::vector<GrowthCase>& growth_cases();

struct GrownModels {
  std::unique_ptr<Engine> before, after;
};

// Draws the smaller model, trains it for `steps` (0: it stays as drawn), and fills the larger one from its
// state. Each has an engine of its own on the CPU in f32, or on the oracle in double.
GrownModels carry_out(const GrowthCase& growth, Precision precision, int steps = 0);

// m = 0 in every axis: where a ramp begins.
inline constexpr Ramp kClosed{0, 0, 0, 0};

}  // namespace flm::test
