import type { StepReport } from "../../native/types.ts";
import type { RunEvent } from "../events.ts";
import type { StageEngine, StepOptions } from "../session.ts";
import { validate, type ValidatedModel } from "../validate.ts";

/** An event that says what the model's validation loss is. */
export type ValidationResult = Extract<RunEvent, { type: "validation" | "preference" }>;

/** What the engine's steps minimise. All of it is collective over the ranks of a stage. */
export interface Objective {
  /** Its losses are in nats per token, so that those of guessing are a measure for them. */
  readonly is_per_token: boolean;
  /** One optimizer step; `pieces` are those of the whole batch. */
  step(engine: StageEngine, pieces: Float64Array, options: StepOptions): Promise<StepReport>;
  /** Null where the run has nothing to measure. */
  validate(model: ValidatedModel): Promise<ValidationResult | null>;
}

/** The mean over all supervised tokens: which those are, the data say. */
export const NEXT_TOKEN: Objective = {
  is_per_token: true,
  step: (engine, pieces, options) => engine.step(pieces, options),
  validate,
};
