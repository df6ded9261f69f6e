import { FlmError } from "../errors.ts";
import { counted } from "../format.ts";
import { bestCurve, LARGEST_X, lossAt, type LossCurve, type LossPoint } from "./loss-curve.ts";
import { quantile, uniform } from "./random.ts";

export interface Interval {
  low: number;
  high: number;
}

export interface LossFit extends LossCurve {
  points: readonly (LossPoint & { fitted: number })[];
  /** Root of the mean square of fitted − measured. */
  rms_error: number;
  /** 95 % intervals from refits of the curve with its residuals resampled; null where there are none to resample. */
  intervals: { a: Interval; b: Interval; c: Interval } | null;
}

export interface LossPrediction {
  x: number;
  loss: number;
  interval: Interval | null;
}

/** Three unknowns; with as many points the curve goes through all and says nothing about its error. */
const LEAST_POINTS = 3;
const RESAMPLES = 1000;

/**
 * Fits the curve of muP's loss prediction by least squares (spec: nanoLM, arXiv 2304.06875), and refits it to resampled
 * residuals for its intervals.
 *
 * @throws FlmError INVALID_ARGUMENT below three different x, for values that no such curve has, or where the losses do
 *   not follow one
 */
export function fitLoss(points: readonly LossPoint[], seed = 1): LossFit {
  const found = findLossFit(points, seed);
  if (typeof found !== "string") return found;
  throw new FlmError("INVALID_ARGUMENT", `the losses do not follow a · x^b + c: ${found}`, {
    hint: "give runs over a wider range of sizes, or several of each size",
  });
}

/**
 * The same, but where the losses do not follow such a curve, why.
 *
 * @throws FlmError INVALID_ARGUMENT below three different x, or for values that no such curve has
 */
export function findLossFit(points: readonly LossPoint[], seed = 1): LossFit | string {
  check(points);
  const { curve, trouble } = bestCurve(points);
  if (trouble !== null) return trouble;
  const fitted = points.map((point) => ({ ...point, fitted: lossAt(curve, point.x) }));
  const squares = fitted.reduce((sum, point) => sum + (point.fitted - point.loss) ** 2, 0);
  const curves = resampled(fitted, seed);
  const intervals = curves.length === 0 ? null : intervalsOf(curves);
  if (intervals?.a.low === 0) return "they fall no further than they scatter";
  return { ...curve, points: fitted, rms_error: Math.sqrt(squares / points.length), intervals };
}

/**
 * The loss at x, with the 95 % interval of the curve there.
 *
 * @throws FlmError INVALID_ARGUMENT for an x that no model has
 */
export function predictLoss(fit: LossFit, x: number, seed = 1): LossPrediction {
  checkX(x, `a loss at x ${x} cannot be predicted`);
  const losses = resampled(fit.points, seed).map((other) => lossAt(other, x));
  return {
    x,
    loss: lossAt(fit, x),
    interval: losses.length === 0 ? null : intervalOf(losses),
  };
}

function check(points: readonly LossPoint[]): void {
  for (const { x, loss } of points) {
    const point = `the point x ${x}, loss ${loss} cannot be fitted`;
    checkX(x, point);
    if (!(loss > 0 && Number.isFinite(loss)))
      throw new FlmError("INVALID_ARGUMENT", `${point}: the loss must be above 0 and finite`);
  }
  const different = new Set(points.map(({ x }) => x)).size;
  if (different < LEAST_POINTS)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `a loss curve has 3 unknowns, and the runs have ${counted(different, "different size")}`,
      { hint: "give runs of at least 3, better 5 or more, sizes" },
    );
}

function checkX(x: number, problem: string): void {
  if (!(x >= 1 / LARGEST_X && x <= LARGEST_X))
    throw new FlmError(
      "INVALID_ARGUMENT",
      `${problem}: x must be from ${1 / LARGEST_X} to ${LARGEST_X}`,
    );
}

/** Curves through the fitted losses plus residuals drawn again, scaled up for the three that the fit used. */
function resampled(points: LossFit["points"], seed: number): LossCurve[] {
  if (points.length <= LEAST_POINTS) return [];
  const random = uniform(seed);
  const scale = Math.sqrt(points.length / (points.length - LEAST_POINTS));
  const residuals = points.map(({ loss, fitted }) => (loss - fitted) * scale);
  return Array.from({ length: RESAMPLES }, () => {
    const drawn = points.map(({ x, fitted }) => ({
      x,
      loss: fitted + residuals[Math.floor(random() * residuals.length)]!,
    }));
    return bestCurve(drawn).curve;
  });
}

function intervalsOf(curves: readonly LossCurve[]): NonNullable<LossFit["intervals"]> {
  return {
    a: intervalOf(curves.map(({ a }) => a)),
    b: intervalOf(curves.map(({ b }) => b)),
    c: intervalOf(curves.map(({ c }) => c)),
  };
}

function intervalOf(values: readonly number[]): Interval {
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) };
}
