import { FlmError } from "../errors.ts";
import { type LeastSquaresFit, leastSquares, solve } from "./least-squares.ts";
import { quantile, uniform } from "./random.ts";

/** L(x) = a · x^b + c, in nats per token. x is what the runs differ in: parameters, FLOPs or tokens. */
export interface LossCurve {
  a: number;
  b: number;
  c: number;
}

export interface LossPoint {
  x: number;
  loss: number;
}

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
const STARTS = [-0.1, -0.3, -0.5, -1];

export function lossAt({ a, b, c }: LossCurve, x: number): number {
  return a * x ** b + c;
}

/**
 * Fits the curve of muP's loss prediction by least squares (spec: nanoLM, arXiv 2304.06875), and refits it to resampled
 * residuals for its intervals.
 *
 * @throws FlmError INVALID_ARGUMENT below three different x, or for values that no such curve has
 */
export function fitLoss(points: readonly LossPoint[], seed = 1): LossFit {
  check(points);
  const curve = fitCurve(points);
  const fitted = points.map((point) => ({ ...point, fitted: lossAt(curve, point.x) }));
  const squares = fitted.reduce((sum, point) => sum + (point.fitted - point.loss) ** 2, 0);
  const curves = resampled(curve, fitted, seed);
  return {
    ...curve,
    points: fitted,
    rms_error: Math.sqrt(squares / points.length),
    intervals: curves.length === 0 ? null : intervalsOf(curves),
  };
}

/** The loss at x, with the 95 % interval of the curve there. */
export function predictLoss(fit: LossFit, x: number, seed = 1): LossPrediction {
  const losses = resampled(fit, fit.points, seed).map((other) => lossAt(other, x));
  return {
    x,
    loss: lossAt(fit, x),
    interval: losses.length === 0 ? null : intervalOf(losses),
  };
}

function check(points: readonly LossPoint[]): void {
  const bad = points.find(({ x, loss }) => !(x > 0 && Number.isFinite(x) && Number.isFinite(loss)));
  if (bad)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `the point x ${bad.x}, loss ${bad.loss} cannot be fitted: x must be above 0 and both finite`,
    );
  const different = new Set(points.map(({ x }) => x)).size;
  if (different < LEAST_POINTS)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `a loss curve has 3 unknowns, but there are only ${different} different sizes`,
      { hint: "give runs of at least 3, better 5 or more, different sizes" },
    );
}

function fitCurve(points: readonly LossPoint[], starts: readonly number[] = STARTS): LossCurve {
  // In units of the middle x, powers stay near 1 and the unknowns are of one order.
  const unit = Math.exp(points.reduce((sum, { x }) => sum + Math.log(x), 0) / points.length);
  const logs = points.map(({ x }) => Math.log(x / unit));
  const losses = points.map(({ loss }) => loss);
  const linearise = ([a, b, c]: readonly number[]) => {
    const powers = logs.map((log) => Math.exp(b! * log));
    return {
      residuals: powers.map((power, i) => a! * power + c! - losses[i]!),
      jacobian: powers.map((power, i) => [power, a! * power * logs[i]!, 1]),
    };
  };
  const best = starts
    .map((b) => leastSquares(linearise, startAt(b, logs, losses)))
    .reduce((least: LeastSquaresFit, fit) => (fit.objective < least.objective ? fit : least));
  const [a, b, c] = best.parameters as [number, number, number];
  return { a: a * unit ** -b, b, c };
}

/** The best a and c for a given b: a start [a, b, c]. */
function startAt(b: number, logs: readonly number[], losses: readonly number[]): number[] {
  const powers = logs.map((log) => Math.exp(b * log));
  const dot = (u: readonly number[], v: readonly number[]) =>
    u.reduce((sum, value, i) => sum + value * v[i]!, 0);
  const ones = powers.map(() => 1);
  const matrix = [
    [dot(powers, powers), dot(powers, ones)],
    [dot(ones, powers), dot(ones, ones)],
  ];
  const [a, c] = solve(matrix, [dot(powers, losses), dot(ones, losses)]) ?? [1, 0];
  return [a!, b, c!];
}

/** Curves through the fitted losses plus residuals drawn again, scaled up for the three that the fit used. */
function resampled(curve: LossCurve, points: LossFit["points"], seed: number): LossCurve[] {
  if (points.length <= LEAST_POINTS) return [];
  const random = uniform(seed);
  const scale = Math.sqrt(points.length / (points.length - LEAST_POINTS));
  const residuals = points.map(({ loss, fitted }) => (loss - fitted) * scale);
  return Array.from({ length: RESAMPLES }, () => {
    const drawn = points.map(({ x, fitted }) => ({
      x,
      loss: fitted + residuals[Math.floor(random() * residuals.length)]!,
    }));
    return fitCurve(drawn, [curve.b]);
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
