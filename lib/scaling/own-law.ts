import { fitLossLaw, type LawPoint } from "./loss-law-fit.ts";
import type { LossLaw, SizedLaw } from "./loss-law.ts";
import { lastRow, type ObservedRun, reachedAt } from "./observed-run.ts";
import { fitSizedLaw } from "./sized-law-fit.ts";

export interface OwnLaw {
  law: LossLaw | SizedLaw | null;
  /** What the runs do not tell; null where they tell all, or are too few to ask. */
  note: string | null;
}

/** Points of one run that a law is fitted to: its end, and fractions of its tokens down to a twelfth. */
const FRACTIONS = [1, 2 ** -0.5, 2 ** -1, 2 ** -1.5, 2 ** -2, 2 ** -2.5, 2 ** -3, 2 ** -3.5];

/** Exponents outside have taken up noise; published ones lie between 0.2 and 0.5. */
const EXPONENTS = { least: 0.01, most: 4 } as const;
/** Of the loss: what a term must fall by over the points, for its numbers to mean something. */
const LEAST_SHARE = 1e-3;

const UNTOLD = "E, A and alpha of L(N, D) = E + A / N^alpha + B / D^beta apart";

/**
 * The law of runs that do not grow: with three or more sizes the whole one, with two, or where it is not determined, a
 * law of single sizes.
 */
export function ownLaw(constant: readonly ObservedRun[]): OwnLaw {
  const points = constant.flatMap(pointsOf);
  const sizes = new Set(points.map(({ parameters }) => parameters)).size;
  const amounts = new Set(points.map(({ tokens }) => tokens)).size;
  if (sizes < 2 || amounts < 3 || points.length < FRACTIONS.length)
    return { law: null, note: null };
  if (sizes > 2) {
    const { objective: _, ...law } = fitLossLaw(points);
    if (tellsSize(law, points) && tellsData(law, points)) return { law, note: null };
  }
  const sized = fitSizedLaw(points);
  if (!tellsData(sized, points))
    return {
      law: null,
      note: "no law L(N, D): along the runs the losses do not fall with the tokens as B / D^beta would",
    };
  const note =
    sizes === 2
      ? `two sizes do not tell ${UNTOLD}: a third would`
      : `the runs do not tell ${UNTOLD}: more sizes over a wider range would`;
  return { law: sized, note };
}

function pointsOf(run: ObservedRun): LawPoint[] {
  const all = run.tokens[lastRow(run)]!;
  const rows = FRACTIONS.map((share) => run.tokens.findIndex((tokens) => tokens >= share * all));
  return [...new Set(rows)]
    .map((row) => reachedAt(run, row))
    .filter(({ tokens, loss }) => tokens > 0 && loss > 0);
}

function tellsSize({ E, A, alpha }: LossLaw, points: readonly LawPoint[]): boolean {
  const sizes = points.map(({ parameters }) => parameters);
  return E > least(points) && falls({ coefficient: A, exponent: alpha }, sizes, least(points));
}

function tellsData({ B, beta }: LossLaw | SizedLaw, points: readonly LawPoint[]): boolean {
  const tokens = points.map(({ tokens }) => tokens);
  return falls({ coefficient: B, exponent: beta }, tokens, least(points));
}

/** Whether coefficient / x^exponent falls by at least so much over these x. */
function falls(
  { coefficient, exponent }: { coefficient: number; exponent: number },
  xs: readonly number[],
  by: number,
): boolean {
  const [low, high] = [xs.reduce((a, b) => Math.min(a, b)), xs.reduce((a, b) => Math.max(a, b))];
  const isPower = exponent > EXPONENTS.least && exponent < EXPONENTS.most;
  return isPower && coefficient / low ** exponent - coefficient / high ** exponent > by;
}

/** The least that a term must mean. */
function least(points: readonly LawPoint[]): number {
  return LEAST_SHARE * points.reduce((lowest, { loss }) => Math.min(lowest, loss), Infinity);
}
