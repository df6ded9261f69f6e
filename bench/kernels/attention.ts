import type { ModelShape } from "../../lib/config/shape.ts";
import { type Launch, sharedBytes } from "./launch.ts";

/**
 * Rotary embedding and causal attention of one layer, forward and backward. A product of attention over rows of T
 * tokens is N · T · query FLOPs, half of the full square: forward has 2, the queries' gradient 3 and the keys' 4, since
 * the two backward kernels each make scores and their gradients again.
 */
export function attentionLaunches(shape: ModelShape, tokens: number): Launch[] {
  const { num_attention_heads: heads, num_kv_heads: kvHeads, head_size: size } = shape;
  const query = heads * size;
  const keyValue = kvHeads * size;
  const product = tokens * shape.seq_length * query;
  const statistics = 4 * heads * tokens;
  const tile = (rows: number, width: number) => sharedBytes(rows * width);
  const one = { count: shape.num_layers, unit: "tensor" as const };
  const keys = size === 128 ? 32 : 64;
  const queries = size === 128 ? 64 : 32;
  const attention: Launch[] = [
    {
      ...one,
      op: "attention_fwd",
      kernel: `attention_fwd_kernel<${size}>`,
      flops: 2 * product,
      bytes: 2 * tokens * (2 * query + 2 * keyValue) + statistics,
      threads: 128,
      dynamic_shared_bytes: tile(128, 2 * size) + 2 * tile(64, 2 * size),
    },
    {
      ...one,
      op: "attention_bwd, queries",
      kernel: `attention_bwd_query_kernel<${size}>`,
      flops: 3 * product,
      bytes: 2 * tokens * (4 * query + 2 * keyValue) + 2 * statistics,
      threads: 128,
      dynamic_shared_bytes: 2 * tile(128, 2 * size) + 2 * tile(2 * keys, 2 * size),
    },
    {
      ...one,
      op: "attention_bwd, keys and values",
      kernel: `attention_bwd_key_kernel<${size}>`,
      flops: 4 * product,
      bytes: 2 * tokens * (2 * query + 4 * keyValue) + 2 * statistics,
      threads: size === 128 ? 256 : 128,
      dynamic_shared_bytes:
        2 * tile(128, 2 * size) + 2 * tile(2 * queries, 2 * size) + 2 * tile(2 * queries, 4),
    },
  ];
  if (shape.position_embedding === "learned") return attention;
  const turned = tokens * (query + keyValue);
  const rotary = (op: string): Launch => ({
    op,
    kernel: "rotary_kernel<bf16, 8>",
    count: shape.num_layers,
    unit: "vector",
    flops: 3 * turned,
    bytes: 4 * turned + 4 * tokens * size, // and its rows of the two tables
    threads: 256,
    dynamic_shared_bytes: 0,
  });
  return [rotary("rotary_fwd"), ...attention, rotary("rotary_bwd")];
}
