#pragma once
// The two ways of a product; matmul.cpp checks the arguments and chooses.
#include <cstddef>

#include "core/op_list.h"
#include "cpu/cpu_state.h"

namespace flm::cpu {

// Packed and blocked: for any shape. Uses gemm_workspace() bytes of the context's workspace.
void gemm(Context& context, const Matmul& args);
size_t gemm_workspace(const Context& context, const Matmul& args);

// For M <= kMaxSkinnyRows: reads b once, in place.
void gemm_skinny(Context& context, const Matmul& args);
size_t gemm_skinny_workspace(const Matmul& args);

}  // namespace flm::cpu
