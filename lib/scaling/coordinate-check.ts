import type { Activation } from "../native/types.ts";

/** Parts of a model whose activations muP keeps the size of: what layers add, the residual stream, the two ends. */
export const COORDINATES = ["embedding", "attention", "ffn", "block", "logits"] as const;
export type Coordinate = (typeof COORDINATES)[number];

/** Activations whose changes differ by less than this factor over all widths are called flat. */
export const FLAT_WITHIN = 2;

/** How far one part's activations have moved, at several widths. */
export interface CoordinateRow {
  coordinate: Coordinate;
  /** Mean of |x − x₀| over tokens, features and layers, for each width. */
  changes: number[];
  /** The largest change over the smallest. */
  ratio: number;
}

/** Changes of every part between two passes of one sequence through a model, before and after some steps. */
export function changesOf(
  before: readonly Activation[],
  after: readonly Activation[],
): Record<Coordinate, number> {
  const sums = new Map<Coordinate, { total: number; count: number }>();
  for (const [i, { name, values }] of after.entries()) {
    const coordinate = coordinateOf(name);
    const sum = sums.get(coordinate) ?? { total: 0, count: 0 };
    const first = before[i]!.values;
    for (const [j, value] of values.entries()) sum.total += Math.abs(value - first[j]!);
    sum.count += values.length;
    sums.set(coordinate, sum);
  }
  const mean = ({ total, count }: { total: number; count: number }) => total / count;
  return Object.fromEntries(
    COORDINATES.map((coordinate) => [coordinate, mean(sums.get(coordinate)!)]),
  ) as Record<Coordinate, number>;
}

/** @param changes of each width, in order */
export function coordinateRows(changes: readonly Record<Coordinate, number>[]): CoordinateRow[] {
  return COORDINATES.map((coordinate) => {
    const sizes = changes.map((change) => change[coordinate]);
    return { coordinate, changes: sizes, ratio: Math.max(...sizes) / Math.min(...sizes) };
  });
}

export function isFlat(rows: readonly CoordinateRow[]): boolean {
  return rows.every(({ ratio }) => ratio < FLAT_WITHIN);
}

/** "layers.3.attention" → attention, "layers.3" → block. */
function coordinateOf(name: string): Coordinate {
  const part = name.replace(/^layers\.\d+/, "").replace(/^\./, "");
  return part === "" ? "block" : (part as Coordinate);
}
