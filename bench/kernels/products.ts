import type { ModelShape } from "../../lib/config/shape.ts";
import type { Launch } from "./launch.ts";

interface Matrix {
  readonly name: string;
  readonly out: number;
  readonly in: number;
  /** Layers that have one. */
  readonly count: number;
  /** Whether its product adds the residual stream. */
  readonly residual: boolean;
}

/** The matrices of a layer as they are multiplied: q, k and v together, gate and up together. */
export function layerMatrices(shape: ModelShape): Matrix[] {
  const { hidden_size: hidden, ffn_hidden_size: ffn, head_size: size, num_layers: count } = shape;
  const query = shape.num_attention_heads * size;
  const qkv = query + 2 * shape.num_kv_heads * size;
  const ffnIn = shape.activation === "swiglu" ? 2 * ffn : ffn;
  return [
    { name: "qkv", out: qkv, in: hidden, count, residual: false },
    { name: "attention out", out: hidden, in: query, count, residual: true },
    { name: "ffn in", out: ffnIn, in: hidden, count, residual: false },
    { name: "ffn out", out: hidden, in: ffn, count, residual: true },
  ];
}

/** Rows that the head works on at once: native/model/head.cpp. */
export function headRows(vocab: number, tokens: number): number {
  return Math.min(tokens, Math.max(1024, Math.min(8192, Math.floor(2 ** 28 / vocab))));
}

/** The products of all layers and of the head: y = x W', dx = dy W, and dW += dy' x, which stays in f32. */
export function productLaunches(shape: ModelShape, tokens: number): Launch[] {
  const layers = layerMatrices(shape).flatMap((matrix) => threeProducts(matrix, tokens));
  const rows = headRows(shape.vocab_size, tokens);
  const head = { name: "head", out: shape.vocab_size, in: shape.hidden_size, residual: false };
  // Chunks may differ in size: the mean of them has the same sums.
  const count = Math.ceil(tokens / rows);
  return [...layers, ...threeProducts({ ...head, count }, tokens / count)];
}

function threeProducts(matrix: Matrix, tokens: number): Launch[] {
  const { name, out, in: inner, count } = matrix;
  const weights = out * inner;
  const activations = tokens * (out + inner);
  const product = {
    kernel: null,
    count,
    unit: "tensor" as const,
    flops: 2 * tokens * weights,
    threads: 0,
    dynamic_shared_bytes: 0,
  };
  const residual = matrix.residual ? tokens * out : 0;
  return [
    { ...product, op: `matmul, ${name}`, bytes: 2 * (activations + weights + residual) },
    { ...product, op: `matmul, ${name}: dx`, bytes: 2 * (activations + weights) },
    { ...product, op: `matmul, ${name}: dW`, bytes: 2 * activations + 8 * weights },
  ];
}
