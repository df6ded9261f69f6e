#pragma once

namespace flm {

// What a block keeps for its backward pass: everything; all but what is cheap to make again (the norms'
// outputs, and the activation function's, which its gradient makes in passing); or its input alone. Equal
// bits in all three.
enum class Recompute { none, selective, full };

}  // namespace flm
