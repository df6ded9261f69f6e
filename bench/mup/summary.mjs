// What the runs say: the loss by width and rate in each parametrisation, and where it is lowest.
import { BASE_WIDTH, PARAMETRISATIONS, RATES, WIDTHS } from "./grid.mjs";
import { mean } from "../support/numbers.mjs";

/**
 * @typedef {object} Basin of one width in one parametrisation
 * @property {string} parametrisation
 * @property {number} width
 * @property {number[]} seeds that have run all of `rates`
 * @property {{ lr: number, loss: number, deviation: number | null }[]} rates the loss is the mean over the seeds, infinite
 *   where a run diverged
 * @property {number} best the rate with the lowest loss
 * @property {number[]} best_by_seed
 */

/** @returns {Basin[]} over the seeds that all widths have, so that widths can be compared; those without a run are left out */
export function basins(runs) {
  const ofAll = [...new Set(runs.map(({ seed }) => seed))].filter((seed) =>
    basinsOver(runs).every(({ seeds }) => seeds.includes(seed)),
  );
  return basinsOver(runs.filter(({ seed }) => ofAll.includes(seed)));
}

function basinsOver(runs) {
  return PARAMETRISATIONS.flatMap((parametrisation) =>
    WIDTHS.flatMap((width) => {
      const own = runs.filter((run) => run.width === width && isOf(run, parametrisation));
      if (own.length === 0) return [];
      const { tried, seeds } = comparable(own);
      const lossOf = (lr, seed) =>
        own.find((run) => run.lr === lr && run.seed === seed).loss ?? Infinity;
      const rates = tried.map((lr) => {
        const losses = seeds.map((seed) => lossOf(lr, seed));
        return { lr, loss: mean(losses), deviation: deviation(losses) };
      });
      const best = lowest(rates);
      const best_by_seed = seeds.map((seed) =>
        lowest(tried.map((lr) => ({ lr, loss: lossOf(lr, seed) }))),
      );
      return [{ parametrisation, width, seeds, rates, best, best_by_seed }];
    }),
  );
}

/** Grid points (factors of 2) between the best rates of the narrowest width and of `basin`. */
export function shiftOf(basin, all) {
  const first = all.find(
    ({ parametrisation, width }) =>
      parametrisation === basin.parametrisation && width === BASE_WIDTH,
  );
  return first ? Math.round(Math.log2(basin.best / first.best)) : null;
}

/** The runs of the base width belong to both. */
function isOf(run, parametrisation) {
  return run.parametrisation === parametrisation || run.width === BASE_WIDTH;
}

/** Rates that the first seed has run, and the seeds that have run them all: other means could not be compared. */
function comparable(runs) {
  const has = (lr, seed) => runs.some((run) => run.lr === lr && run.seed === seed);
  const all = [...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b);
  const tried = RATES.filter((lr) => has(lr, all[0]));
  return { tried, seeds: all.filter((seed) => tried.every((lr) => has(lr, seed))) };
}

function lowest(rates) {
  return rates.reduce((best, rate) => (rate.loss < best.loss ? rate : best)).lr;
}

/** Of a sample; null for a single value. */
function deviation(values) {
  if (values.length < 2) return null;
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
