import type { Checkpoint } from "../checkpoint/store.ts";
import type { Config } from "../config/types.ts";
import type { Tokenizer } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { findModelTogether, rampWarnings, type TrainedModel } from "../eval/open-model.ts";
import type { StagePlan } from "../growth/stage-plan.ts";
import type { LoadPlan } from "../native/plans.ts";
import type { Ranks } from "./ranks.ts";
import { initialLoad, resumeLoad } from "./session.ts";

/** The first weights, and what the user should know about them. */
export interface StartingPoint {
  readonly load: LoadPlan;
  readonly warnings: readonly string[];
}

/**
 * Where a run begins: at its own checkpoint, at what `init.from` names, or with fresh weights. All ranks call it.
 *
 * @param first the first stage
 * @throws FlmError CHECKPOINT_NOT_FOUND or CHECKPOINT_INVALID; CONFIG_INVALID, naming what differs between the model of
 *   `init.from` and the first stage
 */
export async function startingPoint(
  config: Config,
  own: Checkpoint | null,
  first: StagePlan,
  tokenizer: Tokenizer,
  ranks: Ranks,
): Promise<StartingPoint> {
  const { from, optimizer } = config.init;
  if (own) return { load: resumeLoad(own), warnings: [] };
  if (from === null) return { load: initialLoad(config, first), warnings: [] };
  const model = await findModelTogether(from, ranks);
  checkSameModel(model, first, tokenizer, from);
  const load = resumeLoad(model.checkpoint);
  const warnings = [...model.warnings, ...rampWarnings(model, "the run goes on from the weights")];
  if (optimizer) return { load, warnings };
  const moves = load.moves.filter(({ kind }) => kind === "master");
  return { load: { ...load, moves, steps: [] }, warnings };
}

function checkSameModel(
  { plan, tokenizer: saved }: TrainedModel,
  first: StagePlan,
  tokenizer: Tokenizer,
  from: string,
): void {
  const there = modelOf(plan);
  const here = modelOf(first);
  const differences = Object.keys(here)
    .filter((key) => here[key] !== there[key])
    .map((key) => `${key} is ${there[key]} there and ${here[key]} in stages.0`);
  if (differences.length > 0)
    throw new FlmError("CONFIG_INVALID", `init.from ${from}: ${differences.join("; ")}`, {
      hint: "give the first stage the model of that checkpoint, and let a second stage grow from it",
    });
  if (saved.vocab_size === tokenizer.vocab_size && saved.fingerprint !== tokenizer.fingerprint)
    throw new FlmError("CONFIG_INVALID", `init.from ${from}: its run has another tokenizer`, {
      hint: "set tokenizer: { type: file } with the path of that run's tokenizer.json",
    });
}

/** Everything that decides what the weights compute. */
function modelOf({ shape, scaling, logit_mult }: StagePlan): Record<string, unknown> {
  const { seq_length, rope_scaling, ...rest } = shape;
  const positions = shape.position_embedding === "learned" ? { seq_length } : {};
  const turns = { rope_scaling: JSON.stringify(rope_scaling) };
  return { ...rest, ...turns, ...positions, input_mult: scaling.input_mult, logit_mult };
}
