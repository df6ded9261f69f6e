#pragma once
#include "core/op_table.h"

namespace flm::oracle {

FLM_OPS(FLM_DECLARE_OP)

}  // namespace flm::oracle
