// Attention on CUDA: which path computes it.
#include "cuda/attention_paths.h"
#include "cuda/cuda_ops.h"
#include "cuda/dispatch.h"

namespace flm::cuda {
namespace {

// The tensor-core path copies rows of q, k, v, o and dout in pieces of 16 bytes.
template <class Args>
bool tiled(const Args& a, std::initializer_list<In> views) {
  return a.q.dtype == DType::bf16 && (a.D == 64 || a.D == 128) && vectorizable(2, {a.qkv_stride}, views);
}

}  // namespace

void attention_fwd(Context& context, const AttentionFwd& a) {
  check_attention("attention_fwd", a);
  check_type("attention_fwd", a.q.dtype, {a.k, a.v, a.o});
  check_stat("attention_fwd", {a.lse});
  if (a.N == 0) return;
  tiled(a, {a.q, a.k, a.v, a.o}) ? attention_fwd_tiled(context, a) : attention_fwd_plain(context, a);
}

void attention_bwd(Context& context, const AttentionBwd& a) {
  check_attention("attention_bwd", a);
  check_type("attention_bwd", a.q.dtype, {a.k, a.v, a.o, a.dout, a.dq, a.dk, a.dv});
  check_stat("attention_bwd", {a.lse});
  if (a.N == 0) return;
  if (!tiled(a, {a.q, a.k, a.v, a.o, a.dout, a.dq, a.dk, a.dv})) return attention_bwd_plain(context, a);
  auto* delta = static_cast<float*>(context.workspace);
  attention_bwd_query_tiled(context, a, delta);
  attention_bwd_key_tiled(context, a, delta);
}

// Delta: of every query, the sum of dout * o.
size_t workspace_bytes(const Context&, const AttentionBwd& a) { return size_t(a.H * a.N) * sizeof(float); }

}  // namespace flm::cuda
