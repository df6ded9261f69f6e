// What the results say, an arm a row: the numbers that docs/growth.md judges by.
import { Frontier } from "./frontier.mjs";
import { groupBy } from "./group-by.mjs";
import { mean } from "../support/numbers.mjs";

/**
 * An arm; numbers are means over its seeds, and null where the runs that they need are missing.
 *
 * @typedef {object} Row
 * @property {string} arm
 * @property {string} role
 * @property {string} reference
 * @property {number[]} seeds
 * @property {number} loss of validation, nats per token
 * @property {number | null} deviation of the loss over seeds
 * @property {number} paired the loss with the seeds that all runs from scratch have, by `gap`: what frontiers are made of
 * @property {number} train_loss of the last steps
 * @property {number} flops
 * @property {number} train_seconds
 * @property {number | null} share of the reference's FLOPs
 * @property {number | null} gap relative to the reference's loss, by seed
 * @property {number | null} gap_deviation
 * @property {number | null} speed_up FLOPs that a run from scratch needs for this loss, by the arm's
 * @property {number | null} saving 1 - 1 / speed_up
 * @property {boolean} speed_up_extrapolated
 * @property {number | null} to_small loss relative to the small model's at equal FLOPs; below 0 is better
 * @property {boolean} to_small_extrapolated
 */

/**
 * @param {object[]} results as run-arm.mjs makes them
 * @returns {Row[]} those of one reference together, the cheapest last
 */
export function summarise(results) {
  const arms = groupBy(results, ({ arm }) => arm);
  const rows = [...arms.values()].map((runs) => {
    const { arm, role, reference } = runs[0];
    const losses = runs.map(({ validation_loss }) => validation_loss);
    return {
      ...{ arm, role, reference, seeds: runs.map(({ seed }) => seed) },
      ...{ loss: mean(losses), deviation: deviation(losses) },
      train_loss: mean(runs.map(({ train_loss }) => train_loss)),
      flops: mean(runs.map(({ flops }) => flops)),
      train_seconds: mean(runs.map(({ train_seconds }) => train_seconds)),
    };
  });
  return [...groupBy(rows, ({ reference }) => reference)].flatMap(([reference, group]) => {
    const references = arms.get(reference) ?? [];
    const base = lossWithCommonSeeds(group, references);
    const paired = group.map((row) => {
      const gap = gapTo(references, arms.get(row.arm));
      const share = references.length > 0 ? row.flops / references[0].flops : null;
      return { ...row, share, ...gap, paired: gap.gap === null ? row.loss : base * (1 + gap.gap) };
    });
    const scratch = frontierOf(paired, "scratch");
    const small = frontierOf(paired, "small");
    return paired
      .map((row) => ({ ...row, ...against(row, scratch, small) }))
      .sort((a, b) => b.flops - a.flops);
  });
}

/**
 * Seeds differ by more than neighbours on a frontier, so that arms with different seeds are compared by their gaps to the
 * same seeds of the reference.
 */
function lossWithCommonSeeds(group, references) {
  const fromScratch = group.filter(({ role }) => role === "scratch");
  const common = references.filter(({ seed }) =>
    fromScratch.every(({ seeds }) => seeds.includes(seed)),
  );
  return mean((common.length > 0 ? common : references).map((run) => run.validation_loss));
}

/** Relative difference of validation losses, mean and deviation over the seeds that both arms have. */
function gapTo(references, runs) {
  const gaps = runs.flatMap(({ seed, validation_loss }) => {
    const same = references.find((run) => run.seed === seed);
    return same ? [validation_loss / same.validation_loss - 1] : [];
  });
  return gaps.length > 0
    ? { gap: mean(gaps), gap_deviation: deviation(gaps) }
    : { gap: null, gap_deviation: null };
}

function against({ paired, flops, role }, scratch, small) {
  const needed = scratch?.flopsFor(paired);
  const alone = small?.lossAt(flops);
  return {
    speed_up: needed ? needed.value / flops : null,
    saving: needed ? 1 - flops / needed.value : null,
    speed_up_extrapolated: needed?.extrapolated ?? false,
    to_small: alone && role === "grown" ? paired / alone.value - 1 : null,
    to_small_extrapolated: alone?.extrapolated ?? false,
  };
}

function frontierOf(rows, role) {
  const points = rows.filter((row) => row.role === role);
  return points.length >= 2
    ? new Frontier(points.map(({ flops, paired }) => ({ flops, loss: paired })))
    : null;
}

/** Of a sample; null for a single value. */
function deviation(values) {
  if (values.length < 2) return null;
  const centre = mean(values);
  return Math.sqrt(
    values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1),
  );
}
