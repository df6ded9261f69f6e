/** L(x) = a · x^b + c, in nats per token. x is what the runs differ in: parameters, FLOPs or tokens. */
export interface LossCurve {
  /** 0 or above; 0 where the losses do not fall. */
  a: number;
  /** Below 0. */
  b: number;
  /** 0 or above: no model reaches less. */
  c: number;
}

export interface LossPoint {
  x: number;
  loss: number;
}

/** Within this and its inverse a, and a · x^b at any other x, are finite numbers for every b that is searched. */
export const LARGEST_X = 1e36;

/** Least squares for one exponent: L = height · (x / smallest x)^b + c. */
interface Candidate {
  b: number;
  height: number;
  c: number;
  squares: number;
}

/** The exponents that are searched. Published ones lie between -0.05 and -1. */
const FLATTEST = -1e-3;
const STEEPEST = -4;
/** What the second size may at least keep of the height at the smallest; with less only the smallest is above c. */
const LEAST_KEPT = 1e-4;

const GRID = 32;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
const SECTIONS = 45;

/** Nothing is measured so exactly: of a loss, what is as good as 0. */
const EXACT = 1e-9;

export function lossAt({ a, b, c }: LossCurve, x: number): number {
  return a * x ** b + c;
}

/**
 * The curve of least squares among those that fall and end at 0 or above. For every b the best a and c are known, so
 * that b alone is searched: on a grid, then between the neighbours of its best point. The trouble is why it says nothing
 * beyond the points; null where there is none.
 *
 * @param points of at least three different x, within 1 / LARGEST_X and LARGEST_X, with losses above 0
 */
export function bestCurve(points: readonly LossPoint[]): {
  curve: LossCurve;
  trouble: string | null;
} {
  // Relative to the smallest x no power is above 1.
  const smallest = points.reduce((least, { x }) => Math.min(least, x), Infinity);
  const logs = points.map(({ x }) => Math.log(x / smallest));
  const losses = points.map(({ loss }) => loss);
  const steepest = steepestFor(logs);
  const { b, height, c, squares } = search((b) => solveFor(b, logs, losses), steepest);
  const level = mean(losses);
  const isExact = Math.sqrt(squares / points.length) < EXACT * level;
  const trouble = () => {
    if (height < EXACT * level) return "they do not fall";
    if (b < 0.999 * steepest)
      return `they level off at once behind the smallest size (b would be below ${steepest.toFixed(1)})`;
    if ((c === 0 && !isExact) || b > 1.001 * FLATTEST)
      return "they do not level off (c would be below 0)";
    return null;
  };
  return { curve: { a: height * smallest ** -b, b, c }, trouble: trouble() };
}

function steepestFor(logs: readonly number[]): number {
  const second = logs.reduce((least, log) => (log > 0 ? Math.min(least, log) : least), Infinity);
  return Math.min(2 * FLATTEST, Math.max(STEEPEST, Math.log(LEAST_KEPT) / second));
}

/** The least squares between FLATTEST and `steepest`: a grid over ln |b|, then golden sections. */
function search(solve: (b: number) => Candidate, steepest: number): Candidate {
  const reach = Math.log(steepest / FLATTEST);
  const at = (share: number) => solve(FLATTEST * Math.exp(reach * share));
  const grid = Array.from({ length: GRID + 1 }, (_, i) => at(i / GRID));
  const best = grid.reduce((best, { squares }, i) => (squares < grid[best]!.squares ? i : best), 0);
  let [low, high] = [Math.max(0, best - 1) / GRID, Math.min(GRID, best + 1) / GRID];
  let [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atLeft, atRight] = [at(left), at(right)];
  for (let i = 0; i < SECTIONS; i++)
    if (atLeft.squares < atRight.squares) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - GOLDEN * (high - low);
      atLeft = at(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + GOLDEN * (high - low);
      atRight = at(right);
    }
  return [atLeft, atRight].reduce(
    (least, found) => (found.squares < least.squares ? found : least),
    grid[best]!,
  );
}

/** The best height and c for an exponent, both 0 or above. */
function solveFor(b: number, logs: readonly number[], losses: readonly number[]): Candidate {
  const powers = logs.map((log) => Math.exp(b * log));
  const [power, level] = [mean(powers), mean(losses)];
  const spread = sum(powers, (value) => (value - power) ** 2);
  const fall = sum(powers, (value, i) => (value - power) * (losses[i]! - level));
  let height = fall > 0 && spread > 0 ? fall / spread : 0;
  let c = level - height * power;
  if (c < 0) {
    c = 0;
    height = sum(powers, (value, i) => value * losses[i]!) / sum(powers, (value) => value ** 2);
  }
  const squares = sum(powers, (value, i) => (height * value + c - losses[i]!) ** 2);
  return { b, height, c, squares };
}

function sum(values: readonly number[], of: (value: number, index: number) => number): number {
  return values.reduce((total, value, i) => total + of(value, i), 0);
}

function mean(values: readonly number[]): number {
  return sum(values, (value) => value) / values.length;
}
