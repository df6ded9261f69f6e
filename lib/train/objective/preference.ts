import { joinRows } from "../../eval/loss-of-rows.ts";
import type { StepReport } from "../../native/types.ts";
import type { Scorer } from "../abandonable.ts";
import { rowsOf } from "../rank-stage.ts";
import type { StageEngine, StepOptions } from "../session.ts";
import type { ValidatedModel } from "../validate.ts";
import type { Objective, ValidationResult } from "./objective.ts";
import { type PreferenceLoss, preferenceLoss } from "./preference-loss.ts";
import type { ReferenceTable } from "./reference-table.ts";
import { logProbsOf } from "./row-log-probs.ts";

/**
 * Direct preference optimization. The gradient of a pair's loss is a weight for the tokens of either answer, which
 * depends on what the model says of both: a pass forward finds the weights, and the step uses them. That is exact, and
 * costs a forward pass more than the step itself.
 */
export class PreferenceObjective implements Objective {
  /** A loss is beta times nats of whole answers: it may be large of a model that has hardly moved. */
  readonly is_per_token = false;
  readonly #reference: ReferenceTable;
  readonly #beta: number;

  constructor(reference: ReferenceTable, beta: number) {
    this.#reference = reference;
    this.#beta = beta;
  }

  async step(engine: StageEngine, pieces: Float64Array, options: StepOptions): Promise<StepReport> {
    const { first, count } = engine.share;
    const own = rowsOf(pieces, first, first + count);
    const { loss, row_weights } = await this.#lossOf(engine, own, count, options, engine.native);
    const pairs = engine.stage.plan.config.global_batch_size / 2;
    return engine.step(pieces, options, {
      row_weights: row_weights.map((weight) => weight / pairs),
      loss: loss / pairs,
    });
  }

  /** Every rank measures all held-out pairs: they are few, and then nothing has to be gathered. */
  async validate({
    engine,
    scorer,
    config,
    data,
    ramp,
    step,
  }: ValidatedModel): Promise<ValidationResult | null> {
    if (data.validation_tokens === 0 || !config.eval.suites.includes("perplexity")) return null;
    const rows = data.validationRows(engine.stage.plan.shape.seq_length);
    const sums = await this.#lossOf(engine, joinRows(rows), rows.length, { ramp }, scorer);
    const pairs = rows.length / 2;
    return {
      type: "preference",
      step,
      loss: sums.loss / pairs,
      margin: sums.margin / pairs,
      accuracy: sums.preferred / pairs,
      pairs,
    };
  }

  async #lossOf(
    { stage }: StageEngine,
    pieces: Float64Array,
    rows: number,
    { ramp }: Pick<StepOptions, "ramp">,
    scorer: Scorer,
  ): Promise<PreferenceLoss> {
    const { seq_length } = stage.plan.shape;
    const { micro_batch_size } = stage.plan.config;
    const policy = await logProbsOf(scorer, pieces, { rows, seq_length, micro_batch_size, ramp });
    return preferenceLoss(policy, this.#reference.of(pieces, rows), this.#beta);
  }
}
