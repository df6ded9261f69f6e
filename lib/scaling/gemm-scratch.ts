import { shapeSizes } from "./layout.ts";
import type { RankPart } from "./rank-part.ts";

/** Blocking of native/cpu/gemm.cpp, in rows, columns and units of k, and the register tile of its AVX-512 kernels. */
const BLOCK = 1536;
const BLOCK_UNITS = 1024;
const PACKED_UNITS = 256;
const PART_FLOATS = 2 ** 16;
const LEAST_ROWS = 32;
const FEW_ROWS = 512;
const FEW_FLOATS = 3 * 2 ** 17;
const TASKS_PER_THREAD = 4;
const GAP = 16;
const [TILE_ROWS, TILE_COLS] = [8, 48];
/** Rows of a this many bytes apart, or a multiple, are copied. */
const CACHE_WAY = 4096;

interface Product {
  rows: number;
  cols: number;
  depth: number;
  /** The output is too narrow to hold sums. */
  narrow: boolean;
  transposed: boolean;
}

/** Packed operands, and sums that the output is too narrow for, of the largest product of a step. */
export function gemmScratchBytes(
  { shape, is_last }: RankPart,
  rows: { tokens: number; head: number },
  precision: "bf16" | "f32",
  threads: number,
): number {
  const { hidden_size: hidden, ffn_hidden_size: ffn } = shape;
  const sizes = shapeSizes(shape);
  const layers: [outputs: number, inputs: number, tokens: number][] = [
    [sizes.query + 2 * sizes.key_value, hidden, rows.tokens],
    [hidden, sizes.query, rows.tokens],
    [sizes.ffn_in, hidden, rows.tokens],
    [hidden, ffn, rows.tokens],
  ];
  if (is_last) layers.push([shape.vocab_size, hidden, rows.head]);
  // Forward and the gradient of the input write the compute type, the gradient of the weights writes f32.
  const plain = { narrow: precision === "bf16", transposed: false };
  const products = layers.flatMap(([outputs, inputs, tokens]): Product[] => [
    { rows: tokens, cols: outputs, depth: inputs, ...plain },
    { rows: tokens, cols: inputs, depth: outputs, ...plain },
    { rows: outputs, cols: inputs, depth: tokens, narrow: false, transposed: true },
  ]);
  return Math.max(...products.map((product) => productScratch(product, precision, threads)));
}

function productScratch(
  { rows, cols, depth, narrow, transposed }: Product,
  precision: "bf16" | "f32",
  threads: number,
): number {
  const total = Math.ceil(depth / (precision === "bf16" ? 2 : 1));
  const units = evenPart(total, BLOCK_UNITS);
  const ownUnits = transposed ? evenPart(units, PACKED_UNITS) : units;
  const keepsSums = narrow && total > ownUnits;
  const blockRows = keepsSums ? evenPart(rows, BLOCK) : rows;
  const panels = Math.ceil(evenPart(cols, BLOCK) / TILE_COLS);
  const most = Math.min(PART_FLOATS / ownUnits, blockRows / (TASKS_PER_THREAD * threads));
  const part = Math.max(LEAST_ROWS, Math.floor(most / LEAST_ROWS) * LEAST_ROWS);
  const packed = Math.ceil(part / TILE_ROWS) * (ownUnits * TILE_ROWS + GAP);
  const rowStride = Math.ceil(ownUnits / GAP) * GAP + GAP;
  const isSpread = (depth * (precision === "bf16" ? 2 : 4)) % CACHE_WAY !== 0;
  const own = transposed ? packed : isSpread ? 0 : part * rowStride;
  const sums = keepsSums ? blockRows * panels * TILE_COLS : 0;
  // Few rows are multiplied with a panel of each thread, and copied once for all.
  const isByPanel =
    !transposed && !keepsSums && Math.ceil(cols / TILE_COLS) >= TASKS_PER_THREAD * threads;
  const few = Math.min(rows, FEW_ROWS, Math.floor(FEW_FLOATS / ownUnits));
  const shared = isByPanel && !isSpread ? few * rowStride : 0;
  const heldPanels = isByPanel ? Math.max(panels, threads) : panels;
  return (heldPanels * (units * TILE_COLS + GAP) + sums + Math.max(threads * own, shared)) * 4;
}

/** The longest part when `total` is cut evenly into parts of at most `limit`. */
function evenPart(total: number, limit: number): number {
  return Math.ceil(total / Math.max(1, Math.ceil(total / limit)));
}
