#pragma once

namespace flm {

// What a block keeps for its backward pass: everything (but the activation function's output, which its
// gradient makes in passing); all but the norms' outputs too; or its input alone. Equal bits in all three.
enum class Recompute { none, selective, full };

}  // namespace flm
