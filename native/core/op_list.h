#pragma once
// The one list of ops. A line here, a struct in core/ops, a file of the same stem in each backend.
// Every backend declares and defines, in its own namespace, for each line X(name, Args)
//     void name(Context&, const Args&);
//     size_t workspace_bytes(const Context&, const Args&);   only where it is not 0 (see op_table.h)
// Rule for gradients: parameter gradients accumulate (+=), activation gradients are written (=).
#include "core/ops/adamw.h"
#include "core/ops/attention.h"
#include "core/ops/attention_decode.h"
#include "core/ops/axpby.h"
#include "core/ops/bias.h"
#include "core/ops/cast.h"
#include "core/ops/clip.h"
#include "core/ops/cross_entropy.h"
#include "core/ops/embedding.h"
#include "core/ops/gelu.h"
#include "core/ops/kv_append.h"
#include "core/ops/layer_norm.h"
#include "core/ops/matmul.h"
#include "core/ops/rms_norm.h"
#include "core/ops/rotary.h"
#include "core/ops/swiglu.h"

#define FLM_OPS(X)                      \
  X(embedding_fwd, EmbeddingFwd)        \
  X(embedding_bwd, EmbeddingBwd)        \
  X(rms_norm_fwd, RmsNormFwd)           \
  X(rms_norm_bwd, RmsNormBwd)           \
  X(layer_norm_fwd, LayerNormFwd)       \
  X(layer_norm_bwd, LayerNormBwd)       \
  X(matmul, Matmul)                     \
  X(bias_bwd, BiasBwd)                  \
  X(rotary_fwd, RotaryFwd)              \
  X(rotary_bwd, RotaryBwd)              \
  X(attention_fwd, AttentionFwd)        \
  X(attention_bwd, AttentionBwd)        \
  X(attention_decode, AttentionDecode)  \
  X(kv_append, KvAppend)                \
  X(swiglu_fwd, SwigluFwd)              \
  X(swiglu_bwd, SwigluBwd)              \
  X(gelu_fwd, GeluFwd)                  \
  X(gelu_bwd, GeluBwd)                  \
  X(axpby, Axpby)                       \
  X(cross_entropy_fwd, CrossEntropyFwd) \
  X(cross_entropy_bwd, CrossEntropyBwd) \
  X(norm_squared, NormSquared)          \
  X(clip, Clip)                         \
  X(adamw, Adamw)                       \
  X(cast, Cast)
