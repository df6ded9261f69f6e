import type { ModelShape } from "../config/shape.ts";
import type { ShapeSizes } from "./layout.ts";

/** Blocking of native/cpu/gemm.cpp: rows and columns that share one packing, and units of k between two of them. */
const BLOCK = 1536;
const BLOCK_UNITS = 384;

/** Packed operands, and sums that the output is too narrow for, of the largest product of a step. */
export function gemmScratchBytes(
  shape: ModelShape,
  sizes: ShapeSizes,
  tokens: number,
  precision: "bf16" | "f32",
): number {
  const { hidden_size: hidden, ffn_hidden_size: ffn } = shape;
  const layers: [outputs: number, inputs: number][] = [
    [sizes.query + 2 * sizes.key_value, hidden],
    [hidden, sizes.query],
    [sizes.ffn_in, hidden],
    [hidden, ffn],
    [shape.vocab_size, hidden],
  ];
  // Forward and the gradient of the input write the compute type, the gradient of the weights writes f32.
  return layers.reduce(
    (most, [outputs, inputs]) =>
      Math.max(
        most,
        productScratch(tokens, outputs, inputs, precision, precision === "bf16"),
        productScratch(tokens, inputs, outputs, precision, precision === "bf16"),
        productScratch(outputs, inputs, tokens, precision, false),
      ),
    0,
  );
}

function productScratch(
  rows: number,
  cols: number,
  depth: number,
  precision: "bf16" | "f32",
  narrowOutput: boolean,
): number {
  const units = Math.ceil(depth / (precision === "bf16" ? 2 : 1));
  const [m, n, k] = [evenPart(rows, BLOCK), evenPart(cols, BLOCK), evenPart(units, BLOCK_UNITS)];
  const sums = narrowOutput && units > k ? m * n : 0;
  return (m * k + k * n + sums) * 4;
}

/** The longest part when `total` is cut evenly into parts of at most `limit`. */
function evenPart(total: number, limit: number): number {
  return Math.ceil(total / Math.max(1, Math.ceil(total / limit)));
}
