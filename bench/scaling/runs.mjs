// What the loss-prediction benchmark trains: one recipe under muP at several widths, the widest of them held out.
import { resolveConfig } from "../../dist/config/resolve.js";
import { planStages } from "../../dist/growth/stage-plan.js";
import { root } from "../../scripts/support/files.mjs";
import { configOf } from "../mup/grid.mjs";

export const FITTED_WIDTHS = [32, 64, 96, 128];
/** Four times as wide as the widest that is fitted. */
export const HELD_OUT_WIDTH = 512;
/** A narrow run's loss moves by 0.03 from seed to seed, and the fit multiplies that: they are cheap, so there are many. */
const SEEDS = Array.from({ length: 16 }, (_, i) => i + 1);
const HELD_OUT_SEEDS = 8;
/** The best of the muP benchmark's grid at every width. */
const LR = 8e-3;
const STEPS = 600;
const VOCAB_SIZE = 257; // bytes and the end of a document

/** @returns {{ width: number, seed: number, config: object, parameters: number }[]} all of a seed before the next */
export function wantedRuns() {
  return SEEDS.flatMap((seed) =>
    [...FITTED_WIDTHS, ...(seed <= HELD_OUT_SEEDS ? [HELD_OUT_WIDTH] : [])].map((width) => {
      const config = configOfRun(width, seed);
      const [stage] = planStages(resolveConfig(config, { cwd: root }), VOCAB_SIZE);
      return { width, seed, config, parameters: stage.parameters };
    }),
  );
}

/** Losses are of one held-out text, so that runs whose seeds differ can be compared. */
function configOfRun(width, seed) {
  const { data, ...config } = configOf({ parametrisation: "mup", width, lr: LR, seed }, STEPS);
  return {
    ...config,
    data: { ...data, validation: { fraction: 0.003 } },
    eval: { suites: ["perplexity"], interval_steps: STEPS },
  };
}
