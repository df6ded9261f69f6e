import { type LeastSquaresFit, leastSquares } from "./least-squares.ts";
import { HUBER, type LawPoint } from "./loss-law-fit.ts";
import type { SizedLaw } from "./loss-law.ts";

/** B that fills these shares of the mean loss, and exponents around the published ones. */
const SHARES = [0.05, 0.2, 0.5];
const EXPONENTS = [0.2, 0.35, 0.5];

/** Fits L(D) = floor + B / D^beta, with a floor for each size, as `fitLossLaw` fits: Huber's loss of ln L. */
export function fitSizedLaw(points: readonly LawPoint[]): SizedLaw {
  const sizes = [...new Set(points.map(({ parameters }) => parameters))].toSorted((a, b) => a - b);
  const sizeOf = points.map(({ parameters }) => sizes.indexOf(parameters));
  const logD = points.map(({ tokens }) => Math.log(tokens));
  const logL = points.map(({ loss }) => Math.log(loss));
  const middle = mean(logD);
  // Unknowns: ln B at the middle of the data, beta, ln of each floor.
  const linearise = ([b, beta, ...floors]: readonly number[]) => {
    const residuals: number[] = [];
    const jacobian: number[][] = [];
    for (const [i, log] of logL.entries()) {
      const d = logD[i]! - middle;
      const data = Math.exp(b! - beta! * d);
      const floor = Math.exp(floors[sizeOf[i]!]!);
      const loss = floor + data;
      const slopes = floors.map((_, size) => (size === sizeOf[i] ? floor : 0));
      residuals.push(Math.log(loss) - log);
      jacobian.push([data, -d * data, ...slopes].map((slope) => slope / loss));
    }
    return { residuals, jacobian };
  };
  const levels = sizes.map((_, size) => mean(logL.filter((_, i) => sizeOf[i] === size)));
  const starts = SHARES.flatMap((share) =>
    EXPONENTS.map((beta) => [
      mean(logL) + Math.log(share),
      beta,
      ...levels.map((level) => level + Math.log(1 - share)),
    ]),
  );
  const best = starts
    .map((start) => leastSquares(linearise, start, { huber: HUBER, iterations: 3000 }))
    .reduce((least: LeastSquaresFit, fit) => (fit.objective < least.objective ? fit : least));
  const [b, beta, ...floors] = best.parameters as [number, number, ...number[]];
  return {
    floors: sizes.map((parameters, i) => ({ parameters, floor: Math.exp(floors[i]!) })),
    B: Math.exp(b + beta * middle),
    beta,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
