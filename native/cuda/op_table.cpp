#include "cuda/cuda_ops.h"

namespace flm::cuda {

const OpTable& op_table() {
  static const OpTable kOps{FLM_OPS(FLM_FILL_OP)};
  return kOps;
}

}  // namespace flm::cuda
