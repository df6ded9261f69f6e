// Divides attention into tasks: the forward pass by query tiles of each head, the backward pass by key/value
// heads, since the query heads of a group add to the same dk and dv.
#include "cpu/attention_backward.h"
#include "cpu/attention_forward.h"
#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/parallel.h"

namespace flm::cpu {
namespace {

template <class Args>
void check(const char* op, const Args& args) {
  for (const DType dtype : {args.q.dtype, args.o.dtype}) {
    if (dtype != DType::f32 && dtype != DType::bf16) unsupported(op, dtype);
    FLM_CHECK(dtype == args.q.dtype, ErrorCode::invalid_argument, op, ": q is ", name_of(args.q.dtype),
              " and o is ", name_of(dtype), "; give all tensors the same type");
  }
  expect(op, args.k.dtype, args.q.dtype);
  expect(op, args.v.dtype, args.q.dtype);
  expect(op, args.lse.dtype, DType::f32);
  FLM_CHECK(args.G > 0 && args.H % args.G == 0, ErrorCode::invalid_argument, op, ": ", args.H,
            " query heads cannot be divided among ", args.G, " key/value heads");
}

float* scratch_of(const Context& context, int thread, int64_t floats) {
  return static_cast<float*>(context.workspace) + thread * floats;
}

}  // namespace

void attention_fwd(Context& context, const AttentionFwd& args) {
  check("attention_fwd", args);
  const Isa isa = state_of(context).isa;
  const int64_t scratch = attention_forward_scratch(isa, args.q.dtype, args.D);
  const int32_t* starts = args.segment_starts.as<int32_t>();
  const auto tiles_of = [&](int64_t segment) {
    return ceil_div(starts[segment + 1] - starts[segment], kForwardQueries);
  };
  int64_t tiles = 0;
  for (int64_t segment = 0; segment < args.num_segments; ++segment) tiles += tiles_of(segment);
  parallel_tasks(context, tiles * args.H, [&](int64_t task, int thread) {
    int64_t tile = task / args.H, segment = 0;
    for (; tile >= tiles_of(segment); ++segment) tile -= tiles_of(segment);
    // The last queries of a segment see the most keys: begin with them.
    const int64_t query = (tiles_of(segment) - 1 - tile) * kForwardQueries;
    const int64_t length = starts[segment + 1] - starts[segment];
    attention_forward_task(isa, args, starts[segment], query, std::min(kForwardQueries, length - query),
                           task % args.H, scratch_of(context, thread, scratch));
  });
}

size_t workspace_bytes(const Context& context, const AttentionFwd& args) {
  const int64_t floats = attention_forward_scratch(state_of(context).isa, args.q.dtype, args.D);
  return size_t(floats * num_threads(context)) * sizeof(float);
}

void attention_bwd(Context& context, const AttentionBwd& args) {
  check("attention_bwd", args);
  expect("attention_bwd", args.dout.dtype, args.q.dtype);
  for (const DType dtype : {args.dq.dtype, args.dk.dtype, args.dv.dtype}) {
    expect("attention_bwd", dtype, args.q.dtype);
  }
  const Isa isa = state_of(context).isa;
  const int64_t scratch = attention_backward_scratch(isa, args.q.dtype, args.D, args.max_segment);
  const int32_t* starts = args.segment_starts.as<int32_t>();
  parallel_tasks(context, args.num_segments * args.G, [&](int64_t task, int thread) {
    const int64_t segment = task / args.G;
    attention_backward_task(isa, args, starts[segment], starts[segment + 1] - starts[segment], task % args.G,
                            scratch_of(context, thread, scratch));
  });
}

size_t workspace_bytes(const Context& context, const AttentionBwd& args) {
  const int64_t floats =
      attention_backward_scratch(state_of(context).isa, args.q.dtype, args.D, args.max_segment);
  return size_t(floats * num_threads(context)) * sizeof(float);
}

}  // namespace flm::cpu
