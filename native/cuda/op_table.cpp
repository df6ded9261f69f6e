#include "cuda/cuda_ops.h"

namespace flm::cuda {
namespace {

// cuBLASLt reads weights as they are.
size_t packed_bytes(const Context&, const PackWeights&) { return 0; }

const OpTable kOps{FLM_OPS(FLM_FILL_OP) & packed_bytes};

}  // namespace

const OpTable& op_table() { return kOps; }

void pack_weights(Context&, const PackWeights&) {}

}  // namespace flm::cuda
