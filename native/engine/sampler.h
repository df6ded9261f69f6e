#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/spec.h"

namespace flm {

// Picks the next token, which is below V, from logits (V). `history` are the tokens so far (for the
// repetition penalty); `index` counts the picks, so that equal seeds give equal texts. Order of the filters:
// repetition penalty (arXiv 1909.05858), temperature, top-k, top-p (arXiv 1904.09751). Throws
// Error(checkpoint_invalid) where logits are not finite.
int32_t sample(std::span<const float> logits, const GenerateInput& input, uint64_t seed,
               std::span<const int32_t> history, uint64_t index);

}  // namespace flm
