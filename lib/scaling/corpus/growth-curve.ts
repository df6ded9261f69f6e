import { solve } from "../least-squares.ts";
import { hashSequence } from "./sequence-hash.ts";
import { UniqueCounter } from "./unique-counter.ts";

/** Different sequences U among the first D of a corpus. */
export interface GrowthPoint {
  sequences: number;
  unique: number;
  /** Of them, seen at least twice; null where the count is an estimate. */
  repeated: number | null;
}

export interface PowerLaw {
  /** ln U = ln K + γ ln D over all points. */
  gamma: number;
  /** The same over the upper half of the points alone. */
  gamma_upper: number;
  /** Slope between the last two points. */
  local_exponent: number;
  /** Coefficient of (ln D)² in a quadratic fit: 0 for a power law. */
  curvature: number;
  r_squared: number;
  /** Both gammas agree to 0.03. */
  is_single: boolean;
}

/** Points lie at D · 2^(-k/2), k = 0 … 16. */
const POINTS = 17;
const SINGLE_LAW = 0.03;

/**
 * Counts different sequences of n units over documents in the given order; sequences never cross documents.
 *
 * @returns the curve up to the last point, and whether that was counted or estimated
 */
export function growthCurve(
  documents: readonly ArrayLike<number>[],
  n: number,
  exactUpTo?: number,
): { points: GrowthPoint[]; is_exact: boolean } {
  const total = documents.reduce((sum, units) => sum + Math.max(0, units.length - n + 1), 0);
  const marks = marksFor(total);
  const counter = new UniqueCounter(exactUpTo);
  const points: GrowthPoint[] = [];
  const hash = { high: 0, low: 0 };
  let sequences = 0;
  for (const units of documents)
    for (let first = 0; first + n <= units.length; first++) {
      hashSequence(units, first, n, hash);
      counter.add(hash);
      sequences += 1;
      if (sequences === marks[points.length]) points.push({ sequences, ...counter.count() });
    }
  return { points, is_exact: counter.isExact };
}

function marksFor(total: number): number[] {
  const marks = Array.from({ length: POINTS }, (_, k) =>
    Math.round(total * 2 ** (-(POINTS - 1 - k) / 2)),
  );
  return [...new Set(marks)].filter((mark) => mark > 0);
}

/** Null below three points with something to count. */
export function powerLaw(
  points: readonly GrowthPoint[],
  of: "unique" | "repeated",
): PowerLaw | null {
  const logs = points.flatMap((point) => {
    const value = point[of];
    return value === null || value === 0
      ? []
      : [{ x: Math.log(point.sequences), y: Math.log(value) }];
  });
  if (logs.length < 3) return null;
  const all = polynomial(logs, 1);
  const upper = polynomial(logs.slice(Math.floor(logs.length / 2)), 1);
  const [before, last] = logs.slice(-2) as [Log, Log];
  const [gamma, gamma_upper] = [all[1]!, upper[1]!];
  return {
    gamma,
    gamma_upper,
    local_exponent: (last.y - before.y) / (last.x - before.x),
    curvature: polynomial(logs, 2)[2]!,
    r_squared: rSquared(logs, all),
    is_single: Math.abs(gamma - gamma_upper) <= SINGLE_LAW,
  };
}

interface Log {
  x: number;
  y: number;
}

/** Coefficients of the least-squares polynomial, constant first. x is centred for it, so only the last is absolute. */
function polynomial(logs: readonly Log[], degree: number): number[] {
  const centre = mean(logs.map(({ x }) => x));
  const matrix = Array.from({ length: degree + 1 }, () => new Array<number>(degree + 1).fill(0));
  const right = new Array<number>(degree + 1).fill(0);
  for (const { x, y } of logs)
    for (let i = 0; i <= degree; i++) {
      right[i]! += y * (x - centre) ** i;
      for (let j = 0; j <= degree; j++) matrix[i]![j]! += (x - centre) ** (i + j);
    }
  return solve(matrix, right) ?? new Array<number>(degree + 1).fill(NaN);
}

function rSquared(logs: readonly Log[], [height, slope]: readonly number[]): number {
  const [x, y] = [mean(logs.map((log) => log.x)), mean(logs.map((log) => log.y))];
  const residual = logs.reduce(
    (sum, log) => sum + (log.y - height! - slope! * (log.x - x)) ** 2,
    0,
  );
  const spread = logs.reduce((sum, log) => sum + (log.y - y) ** 2, 0);
  return spread === 0 ? 1 : 1 - residual / spread;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
