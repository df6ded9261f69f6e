#pragma once
#include "ops/case.h"

namespace flm::test {

// Checks a backward case in the oracle: for every tensor t that its forward case reads and whose gradient dt
// it computes, dt must be the slope of sum(dy * y), y being the forward outputs that have a dy here. Slopes
// are central differences in double, at up to 40 elements of t.
void check_gradients(const Case& backward, const Backend& oracle);

}  // namespace flm::test
