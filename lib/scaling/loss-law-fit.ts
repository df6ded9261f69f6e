import { FlmError } from "../errors.ts";
import { type LeastSquaresFit, leastSquares } from "./least-squares.ts";
import type { LossLaw } from "./loss-law.ts";

export interface LawPoint {
  parameters: number;
  tokens: number;
  loss: number;
}

/** Residuals of ln L above this count linearly, as in Hoffmann et al. 2022 (arXiv 2203.15556). */
export const HUBER = 1e-3;

/** A and B that fill these shares of the mean loss, and exponents around the published ones. */
const SHARES = [0.05, 0.2];
const EXPONENTS = [0.2, 0.35, 0.5];

/**
 * Fits L(N, D) = E + A / N^alpha + B / D^beta: Huber's loss of ln L, summed, from several starts, run until it
 * converges. (The published fit averaged the loss instead, and its optimiser stopped early: arXiv 2404.10102.)
 *
 * @throws FlmError INVALID_ARGUMENT below 6 points, or without two different sizes and amounts of tokens
 */
export function fitLossLaw(points: readonly LawPoint[]): LossLaw & { objective: number } {
  check(points);
  const logN = points.map(({ parameters }) => Math.log(parameters));
  const logD = points.map(({ tokens }) => Math.log(tokens));
  const logL = points.map(({ loss }) => Math.log(loss));
  // Unknowns: ln E, ln A and ln B at the middle of the data, alpha, beta.
  const middle = { N: mean(logN), D: mean(logD) };
  const linearise = ([e, a, b, alpha, beta]: readonly number[]) => {
    const residuals: number[] = [];
    const jacobian: number[][] = [];
    for (const [i, log] of logL.entries()) {
      const n = logN[i]! - middle.N;
      const d = logD[i]! - middle.D;
      const floor = Math.exp(e!);
      const size = Math.exp(a! - alpha! * n);
      const data = Math.exp(b! - beta! * d);
      const loss = floor + size + data;
      residuals.push(Math.log(loss) - log);
      jacobian.push([floor, size, data, -n * size, -d * data].map((slope) => slope / loss));
    }
    return { residuals, jacobian };
  };
  const level = mean(logL);
  const best = starts(level)
    .map((start) => leastSquares(linearise, start, { huber: HUBER, iterations: 3000 }))
    .reduce((least: LeastSquaresFit, fit) => (fit.objective < least.objective ? fit : least));
  const [e, a, b, alpha, beta] = best.parameters as [number, number, number, number, number];
  return {
    E: Math.exp(e),
    A: Math.exp(a + alpha * middle.N),
    B: Math.exp(b + beta * middle.D),
    alpha,
    beta,
    objective: best.objective,
  };
}

function starts(level: number): number[][] {
  return SHARES.flatMap((sizeShare) =>
    SHARES.flatMap((dataShare) =>
      EXPONENTS.flatMap((alpha) =>
        EXPONENTS.map((beta) => [
          level + Math.log(1 - sizeShare - dataShare),
          level + Math.log(sizeShare),
          level + Math.log(dataShare),
          alpha,
          beta,
        ]),
      ),
    ),
  );
}

function check(points: readonly LawPoint[]): void {
  const sizes = new Set(points.map(({ parameters }) => parameters)).size;
  const amounts = new Set(points.map(({ tokens }) => tokens)).size;
  if (points.length < 6 || sizes < 2 || amounts < 2)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `a law of 5 unknowns needs 6 or more points of several sizes and amounts of tokens; there are ${points.length} points, ${sizes} sizes, ${amounts} amounts`,
      { hint: "add runs that differ in size and in tokens" },
    );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
