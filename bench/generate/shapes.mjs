// The models that decoding is timed on: only sizes count, so weights are random.

/** Sequences end here; the cache is read as far as it is filled. */
export const SEQ_LENGTH = 512;

export const SHAPES = {
  // 124 M parameters in matrices, as GPT-2's smallest has, in the shape of a Llama.
  "llama-124m": {
    num_layers: 12,
    hidden_size: 768,
    num_attention_heads: 12,
    num_kv_heads: 12,
    head_size: 64,
    ffn_hidden_size: 2048,
    vocab_size: 25_600,
    tokens: 16,
  },
  // spec: GEB-1.3B, arXiv 2406.09900
  "geb-1.3b": {
    num_layers: 24,
    hidden_size: 2048,
    num_attention_heads: 16,
    num_kv_heads: 4,
    head_size: 128,
    ffn_hidden_size: 5632,
    vocab_size: 64_896,
    tokens: 4,
  },
};

/** Of a stored weight, in int8 (llama.cpp: q8_0) with its share of a scale, and of a number in the key/value cache. */
export const BYTES_PER_VALUE = {
  f32: { weight: 4, cached: 4 },
  bf16: { weight: 2, cached: 2 },
  int8: { weight: 1 + 1 / 16, cached: 2 },
};

/**
 * What one token has to read: every matrix but the table of embeddings, of which it takes one row, and the keys and
 * values of `length` tokens.
 */
export function bytesPerToken(shape, precision, length) {
  const { hidden_size: C, ffn_hidden_size: F, head_size: D } = shape;
  const query = shape.num_attention_heads * D;
  const kv = shape.num_kv_heads * D;
  const block = C * (2 * query + 2 * kv) + 3 * C * F;
  const weights = shape.num_layers * block + shape.vocab_size * C;
  const cached = 2 * shape.num_layers * kv * length;
  const bytes = BYTES_PER_VALUE[precision];
  return weights * bytes.weight + cached * bytes.cached;
}
