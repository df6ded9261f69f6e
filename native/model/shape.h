#pragma once
#include <cstdint>
#include <vector>

namespace flm {

enum class NormKind { rms_norm, layer_norm };
enum class Activation { swiglu, gelu };
enum class PositionKind { rope, xpos, learned };

// One decoder of the family. Matrices are [out, in]; logits = logit_mult * head(norm(x)).
struct ModelShape {
  int64_t num_layers, hidden_size, num_attention_heads, num_kv_heads, head_size, ffn_hidden_size;
  int64_t vocab_size, seq_length;
  NormKind norm;
  Activation activation;
  PositionKind position;
  bool bias;            // q, k, v, out, gate, up, down have biases (LayerNorm always has one)
  bool tie_embeddings;  // the head reads embedding.weight
  double norm_eps;
  double rope_theta;
  // What the frequency of each pair is divided by (head_size / 2), where RoPE is scaled; empty: 1.
  std::vector<double> rope_divisors;
  double input_mult;       // multiplies the token embedding
  double logit_mult;       // multiplies the logits: muP's output_mult * base / hidden, else 1
  double attention_scale;  // of q k^T, usually 1 / sqrt(head_size)
  // Multiplies the gradient that reaches the embedding from the blocks (embedding-gradient shrink); that of a
  // tied head is left alone.
  double embedding_grad_mult = 1;

  int64_t query_size() const { return num_attention_heads * head_size; }
  int64_t kv_size() const { return num_kv_heads * head_size; }
  int64_t qkv_size() const { return query_size() + 2 * kv_size(); }
  // Columns of the first FFN product: gate and up, or up alone.
  int64_t ffn_in_size() const {
    return activation == Activation::swiglu ? 2 * ffn_hidden_size : ffn_hidden_size;
  }
};

}  // namespace flm
