#pragma once
#include <cstdint>
#include <vector>

#include "engine/spec.h"

namespace flm {

// Picks the next token from logits (V). `history` are the tokens so far (for the repetition penalty); `index`
// counts the picks, so that equal seeds give equal texts. Order of the filters: repetition penalty (arXiv
// 1909.05858), temperature, top-k, top-p (arXiv 1904.09751).
int32_t sample(std::vector<float> logits, const GenerateInput& input, const std::vector<int32_t>& history,
               uint64_t index);

}  // namespace flm
