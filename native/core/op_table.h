#pragma once
// A backend as data: one slot an op. Enumerated by the tests, wrapped by the trace, measured by the planner.
#include <algorithm>

#include "core/context.h"
#include "core/error.h"
#include "core/op_list.h"
#include "core/trace.h"

namespace flm {

template <class Args>
struct Op {
  const char* name;
  void (*run)(Context&, const Args&);
  size_t (*workspace)(const Context&, const Args&);

  void operator()(Context& context, const Args& args) const {
    const size_t need = workspace(context, args);
    if (context.measuring) {
      context.workspace_needed = std::max(context.workspace_needed, need);
      return;
    }
    FLM_CHECK(need <= context.workspace_bytes, ErrorCode::internal, name, " needs ", need,
              " bytes of workspace, planned were ", context.workspace_bytes);
    const TraceScope scope(context.trace, name, *context.device, context.stream);
    run(context, args);
  }
};

struct OpTable {
#define FLM_SLOT(op, Args) Op<Args> op;
  FLM_OPS(FLM_SLOT)
#undef FLM_SLOT
};

// The default of backends that need no workspace for an op; a non-template overload takes precedence.
template <class Args>
size_t workspace_bytes(const Context&, const Args&) {
  return 0;
}

}  // namespace flm

// Declares a backend's ops inside its namespace, and fills its table from the same names.
#define FLM_DECLARE_OP(op, Args) void op(Context&, const Args&);
#define FLM_FILL_OP(op, Args) \
  ::flm::Op<Args>{#op, &op, [](const ::flm::Context& c, const Args& a) { return workspace_bytes(c, a); }},
