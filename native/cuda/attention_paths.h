#pragma once
// The two ways attention is computed on CUDA: on tensor cores (bf16, head sizes 64 and 128), and plainly.
#include "core/context.h"
#include "core/error.h"
#include "core/ops/attention.h"

namespace flm::cuda {

constexpr int64_t kMaxPlainHeadSize = 128;

// Refuses what neither path computes.
template <class Args>
void check_attention(const char* op, const Args& a) {
  FLM_CHECK(a.D >= 1 && a.D <= kMaxPlainHeadSize, ErrorCode::not_supported, op, " on CUDA: head_size is ",
            a.D, ", at most ", kMaxPlainHeadSize, " is supported");
  FLM_CHECK(a.G >= 1 && a.H % a.G == 0, ErrorCode::invalid_argument, op, ": num_attention_heads (", a.H,
            ") must be a multiple of num_kv_heads (", a.G, ")");
}

void attention_fwd_plain(Context& context, const AttentionFwd& args);
void attention_bwd_plain(Context& context, const AttentionBwd& args);

// Products of attention that fit the tensor-core path. Every row must begin on a 16-byte boundary.
void attention_fwd_tiled(Context& context, const AttentionFwd& args);
// Backward in two kernels: the first also writes delta (H, N) f32, which the second reads.
void attention_bwd_query_tiled(Context& context, const AttentionBwd& args, float* delta);
void attention_bwd_key_tiled(Context& context, const AttentionBwd& args, const float* delta);

}  // namespace flm::cuda
