#pragma once
// The ops of the CUDA backend, one file of the same stem each. f64 is not computed here: such arguments throw
// Error(not_supported).
#include <cstddef>

#include "core/op_table.h"

namespace flm::cuda {

FLM_OPS(FLM_DECLARE_OP)

// The default, and the ops that need more.
using ::flm::workspace_bytes;
size_t workspace_bytes(const Context& context, const RmsNormBwd& args);
size_t workspace_bytes(const Context& context, const LayerNormBwd& args);
size_t workspace_bytes(const Context& context, const Matmul& args);
size_t workspace_bytes(const Context& context, const BiasBwd& args);
size_t workspace_bytes(const Context& context, const AttentionBwd& args);
size_t workspace_bytes(const Context& context, const NormSquared& args);

// All of the above as data.
const OpTable& op_table();

}  // namespace flm::cuda
