// The arms of the growth benchmark, in order of importance. docs/growth.md says how they are judged.
import { budgetOf, configOf, flopsOf, LR } from "./configs.mjs";

const RAMP_STEPS = 100;
const ALL_SEEDS = [1, 2, 3];
const ONE_SEED = [1];
/** Tried beside what all arms have. */
const OTHER_RATES = [LR / 2, 2 * LR];
const FLM_OTHER_RATES = [2e-3, 4e-3, 16e-3];
const OTHER_INITS = [0.02, 0.06, 0.2];
const FLM_OTHER_INITS = [0.06, 0.2];

const DEEP = { num_layers: 8, hidden_size: 64, num_attention_heads: 2, ffn_hidden_size: 192 };
const MIDDLE = { ...DEEP, num_layers: 4 };
const SHALLOW = { ...DEEP, num_layers: 2 };
/** 1/√hidden_size is best of those tried, by far: the usual 0.02 is made for layers that are ten times as wide. */
const INIT_STD = 0.12;
const LLAMA = { model: { family: "llama", init_std: INIT_STD } };

// FLM-101B's schedule scaled down: parameters of the layers as 16 : 56 : 100, tokens as 79 : 13 : 8.
const FLM_LARGE = { num_layers: 8, hidden_size: 64, num_attention_heads: 4 };
const FLM_MEDIUM = { num_layers: 8, hidden_size: 48, num_attention_heads: 3 };
const FLM_SMALL = { num_layers: 5, hidden_size: 32, num_attention_heads: 2 };
const MUP = { base_hidden_size: 32, input_mult: 1, output_mult: 1 };
/** muP halves it for the matrices of the target. */
const FLM_LR = 8e-3;
const FLM = { model: { family: "flm", init_std: INIT_STD, mup: MUP }, lr: FLM_LR };

const OPERATORS = {
  copy: { depth: "stack", ramp_steps: 0 },
  random: { depth: "random", ramp_steps: 0 },
  zero: { depth: "zero", ramp_steps: 0 },
  ramp: { depth: "stack", ramp_steps: RAMP_STEPS },
};

/**
 * @typedef {object} Arm
 * @property {string} name
 * @property {string} reference the arm from scratch that it is compared with
 * @property {"scratch" | "rate" | "small" | "grown"} role scratch and small arms make the frontiers; rate: tuning alone, of rates and starts
 * @property {number[]} seeds that are wanted
 * @property {object} config but for name and seed
 */

/** @returns {Arm[]} */
export function armsOf(wanted = {}) {
  const budget = budgetOf(wanted);
  const armIn = (reference, common) => (role, name, seeds, stages, options) => ({
    ...{ name, reference, role, seeds },
    config: configOf(budget, stages, { growth: OPERATORS.copy, ...common, ...options }),
  });
  return [...llamaArms(armIn("scratch", LLAMA)), ...flmArms(armIn("flm-scratch", FLM))];
}

function llamaArms(arm) {
  const from = (shape, role, name, seeds, options) => arm(role, name, seeds, [[shape, 0]], options);
  const grow = (name, seeds, begin, { operator = "copy", length = 1 } = {}) => {
    const stages = [
      [SHALLOW, 0],
      [DEEP, begin],
    ];
    return arm("grown", name, seeds, stages, { growth: OPERATORS[operator], length });
  };
  const small = from(SHALLOW, "small", "small", ONE_SEED);
  const early = grow("stack-15", ALL_SEEDS, 0.15);
  const half = grow("half-copy", ALL_SEEDS, 0.5);
  const progressive = arm("grown", "progressive", ONE_SEED, [
    [SHALLOW, 0],
    [MIDDLE, 0.5],
    [DEEP, 0.7],
  ]);
  return [
    from(DEEP, "scratch", "scratch", ALL_SEEDS),
    small,
    ...[early, half, progressive],
    // So far above the others that further seeds would say nothing.
    ...[early, half, progressive].map((grown) =>
      from(SHALLOW, "small", `small-as-${grown.name}`, ONE_SEED, equalFlops(grown, small)),
    ),
    ...[1.4, 0.8, 0.6, 0.4, 0.25].map((length) =>
      from(DEEP, "scratch", `scratch-${Math.round(100 * length)}`, ONE_SEED, { length }),
    ),
    ...OTHER_INITS.map((init_std) =>
      from(DEEP, "rate", `scratch-25-init-${init_std}`, ONE_SEED, {
        length: 0.25,
        model: { ...LLAMA.model, init_std },
      }),
    ),
    ...OTHER_RATES.map((lr) =>
      from(DEEP, "rate", `scratch-25-lr-${lr}`, ONE_SEED, { length: 0.25, lr }),
    ),
    ...[0.9, 0.75].map((length) => grow(`stack-15-${100 * length}`, ALL_SEEDS, 0.15, { length })),
    grow("stack-10", ONE_SEED, 0.1),
    grow("stack-20", ONE_SEED, 0.2),
    grow("late-copy", ONE_SEED, 0.8),
    ...["random", "zero", "ramp"].flatMap((operator) => [
      grow(`half-${operator}`, ONE_SEED, 0.5, { operator }),
      grow(`late-${operator}`, ONE_SEED, 0.8, { operator }),
    ]),
  ];
}

/** Width and depth in three stages with masks, under muP. */
function flmArms(arm) {
  const from = (shape, role, name, seeds, options) => arm(role, name, seeds, [[shape, 0]], options);
  const stages = [
    [FLM_SMALL, 0],
    [FLM_MEDIUM, 0.79],
    [FLM_LARGE, 0.92],
  ];
  const small = from(FLM_SMALL, "small", "flm-small", ONE_SEED);
  const grown = arm("grown", "flm", ALL_SEEDS, stages, { growth: OPERATORS.ramp });
  return [
    from(FLM_LARGE, "scratch", "flm-scratch", ALL_SEEDS),
    grown,
    small,
    from(FLM_SMALL, "small", "small-as-flm", ALL_SEEDS, equalFlops(grown, small)),
    from(FLM_LARGE, "scratch", "flm-scratch-60", ONE_SEED, { length: 0.6 }),
    // As many FLOPs as the grown arm.
    from(FLM_LARGE, "scratch", "flm-scratch-30", ALL_SEEDS, { length: 0.3 }),
    ...FLM_OTHER_RATES.map((lr) =>
      from(FLM_LARGE, "rate", `flm-scratch-30-lr-${lr}`, ONE_SEED, { lr, length: 0.3 }),
    ),
    ...FLM_OTHER_INITS.map((init_std) =>
      from(FLM_LARGE, "rate", `flm-scratch-30-init-${init_std}`, ONE_SEED, {
        length: 0.3,
        model: { ...FLM.model, init_std },
      }),
    ),
  ];
}

/** Makes a small model's run as dear as a grown one. */
function equalFlops(grown, small) {
  return { length: flopsOf(grown.config) / flopsOf(small.config) };
}
