#pragma once
#include <vector>

#include "core/tensor.h"

namespace flm {

// A parameter as the model reads it, and where its gradient accumulates (null where nothing is trained).
// Matrices are read in the compute type, or as masters in the stat type where the backend reads those;
// vectors (norms, biases) in the stat type.
struct Weight {
  In value;
  Out grad;
};

struct NormWeights {
  Weight gain, bias;  // bias is null for RMSNorm
};

struct LinearWeights {
  Weight matrix, bias;  // (out, in), (out) or null
  int64_t in = 0, out = 0;
  In scales = {};  // (out, scale_blocks(in)) stat where the matrix is i8 (see Matmul), else null
};

struct BlockWeights {
  NormWeights norm1, norm2;
  LinearWeights qkv;  // q, k and v joined along out
  LinearWeights out;
  LinearWeights ffn_in;  // gate and up joined along out, or up alone
  LinearWeights ffn_out;
};

struct StageWeights {
  Weight embedding;  // (V, C)
  Weight position;   // (T, C), or null
  std::vector<BlockWeights> blocks;
  NormWeights final_norm;
  LinearWeights head;  // (V, C); the embedding itself where the two are tied
};

}  // namespace flm
