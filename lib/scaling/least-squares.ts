/** Residuals at a point, and their derivatives: one row for each residual, one column for each parameter. */
export interface Linearisation {
  residuals: readonly number[];
  jacobian: readonly (readonly number[])[];
}

export interface LeastSquaresOptions {
  /** Beyond this size residuals count linearly (Huber's loss); by default none do. */
  huber?: number;
  iterations?: number;
}

export interface LeastSquaresFit {
  parameters: number[];
  /** Sum over residuals of r² / 2, or of Huber's loss. */
  objective: number;
}

/** Relative gains below this end the search. */
const TOLERANCE = 1e-14;

/**
 * Levenberg-Marquardt from one start: damped Gauss-Newton steps, with Huber's weights where they are asked for. A step
 * that leaves the model's domain (residuals that are not finite) is refused like one that does not improve.
 */
export function leastSquares(
  linearise: (parameters: readonly number[]) => Linearisation,
  start: readonly number[],
  { huber = Infinity, iterations = 500 }: LeastSquaresOptions = {},
): LeastSquaresFit {
  let parameters = [...start];
  let point = linearise(parameters);
  let objective = objectiveOf(point.residuals, huber);
  let damping = 1e-3;
  for (let i = 0; i < iterations && damping < 1e16; i++) {
    const step = dampedStep(point, huber, damping);
    const candidate = parameters.map((value, j) => value + (step?.[j] ?? NaN));
    const next = step && linearise(candidate);
    const nextObjective = next ? objectiveOf(next.residuals, huber) : Infinity;
    if (!next || !(nextObjective < objective)) {
      damping *= 4;
      continue;
    }
    const gain = objective - nextObjective;
    [parameters, point, objective] = [candidate, next, nextObjective];
    damping = Math.max(damping / 8, 1e-15);
    if (gain < TOLERANCE * objective) break;
  }
  return { parameters, objective };
}

function objectiveOf(residuals: readonly number[], huber: number): number {
  return residuals.reduce((sum, residual) => {
    const size = Math.abs(residual);
    return sum + (size <= huber ? (size * size) / 2 : huber * (size - huber / 2));
  }, 0);
}

/** Solves (JᵀWJ + damping · diag) step = −JᵀWr. */
function dampedStep(
  { residuals, jacobian }: Linearisation,
  huber: number,
  damping: number,
): number[] | null {
  const count = jacobian[0]!.length;
  const matrix = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  const right = new Array<number>(count).fill(0);
  for (const [i, row] of jacobian.entries()) {
    const residual = residuals[i]!;
    const weight = Math.min(1, huber / Math.abs(residual));
    for (let j = 0; j < count; j++) {
      right[j]! -= weight * row[j]! * residual;
      for (let k = 0; k < count; k++) matrix[j]![k]! += weight * row[j]! * row[k]!;
    }
  }
  for (let j = 0; j < count; j++) matrix[j]![j]! += damping * (matrix[j]![j]! + 1e-12);
  return solve(matrix, right);
}

/** Gaussian elimination with partial pivoting; null where the matrix is singular. Overwrites its arguments. */
export function solve(matrix: number[][], right: number[]): number[] | null {
  const count = right.length;
  for (let column = 0; column < count; column++) {
    let pivot = column;
    for (let row = column + 1; row < count; row++)
      if (Math.abs(matrix[row]![column]!) > Math.abs(matrix[pivot]![column]!)) pivot = row;
    if (!(Math.abs(matrix[pivot]![column]!) > 0)) return null;
    [matrix[column], matrix[pivot]] = [matrix[pivot]!, matrix[column]!];
    [right[column], right[pivot]] = [right[pivot]!, right[column]!];
    for (let row = column + 1; row < count; row++) {
      const factor = matrix[row]![column]! / matrix[column]![column]!;
      right[row]! -= factor * right[column]!;
      for (let k = column; k < count; k++) matrix[row]![k]! -= factor * matrix[column]![k]!;
    }
  }
  for (let row = count - 1; row >= 0; row--) {
    for (let k = row + 1; k < count; k++) right[row]! -= matrix[row]![k]! * right[k]!;
    right[row]! /= matrix[row]![row]!;
  }
  return right;
}
