#pragma once
// The ops of the CPU backend, one file of the same stem each. f64 is not computed here: such arguments throw
// Error(not_supported).
#include <cstddef>

#include "core/op_table.h"

namespace flm::cpu {

FLM_OPS(FLM_DECLARE_OP)

// The default, and one overload for each op that needs more.
using ::flm::workspace_bytes;
size_t workspace_bytes(const Context& context, const Matmul& args);
size_t workspace_bytes(const Context& context, const AttentionFwd& args);
size_t workspace_bytes(const Context& context, const AttentionBwd& args);
size_t workspace_bytes(const Context& context, const AttentionDecode& args);
size_t workspace_bytes(const Context& context, const RmsNormFwd& args);
size_t workspace_bytes(const Context& context, const RmsNormBwd& args);
size_t workspace_bytes(const Context& context, const LayerNormFwd& args);
size_t workspace_bytes(const Context& context, const LayerNormBwd& args);
size_t workspace_bytes(const Context& context, const SwigluFwd& args);
size_t workspace_bytes(const Context& context, const SwigluBwd& args);
size_t workspace_bytes(const Context& context, const GeluFwd& args);
size_t workspace_bytes(const Context& context, const GeluBwd& args);
size_t workspace_bytes(const Context& context, const BiasBwd& args);
size_t workspace_bytes(const Context& context, const NormSquared& args);

}  // namespace flm::cpu
