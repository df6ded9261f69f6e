import { stageSteps } from "../config/steps.ts";
import type { Config } from "../config/types.ts";
import { dynamicShares } from "../data/mixing/dynamic.ts";
import { sharesAt } from "../data/mixing/stage-weights.ts";
import type { BatchStream, PreparedData } from "../data/types.ts";
import type { Json } from "../json.ts";
import type { Position } from "./lr.ts";

/**
 * To so many nats losses count for the mixture: their last bits depend on the number of ranks and on the processor, and
 * should not decide what is read.
 */
const LOSS_STEP = 2 ** -10;

/** What a feed needs of a stage's data. */
export type StageData = Pick<PreparedData, "stage_weights" | "stream" | "takeOver">;

/** Where a feed stands between two batches. */
export interface FeedPlace {
  /** That of the last batch. */
  stage: number;
  state: Json;
}

/** The batches of a run, one a step, in the tokens of their stage and in the mixture that `data.mixing` asks for there. */
export class BatchFeed {
  readonly #config: Config;
  readonly #ofStages: readonly StageData[];
  readonly #stream: BatchStream;
  /** In whose tokens the stream is. */
  #data: StageData;
  /** The stage whose shares the stream has, where they stay as they are. */
  #mixedFor: number | null = null;

  /**
   * @param ofStages the run's data, one a stage
   * @param from where an earlier feed stood, to go on there
   */
  constructor(config: Config, ofStages: readonly StageData[], from?: FeedPlace) {
    this.#config = config;
    this.#ofStages = ofStages;
    this.#data = ofStages[from?.stage ?? 0]!;
    this.#stream = this.#data.stream(from?.state);
  }

  /** The pieces of the step at `position`: `StepInput.pieces`. */
  next(position: Position): Float64Array {
    const { global_batch_size, seq_length } = this.#config.stages[position.stage]!;
    this.#enter(position.stage);
    const shares = this.#sharesFor(position);
    if (shares !== null) this.#stream.mix(shares);
    return this.#stream.next(global_batch_size, seq_length);
  }

  /**
   * Hears the validation losses of the sources, which all ranks know alike. Dynamic batch loading moves the shares by
   * them.
   *
   * @param losses in nats per token; null for a source without validation text
   */
  heed(losses: readonly (number | null)[], stage: number): void {
    const { data } = this.#config;
    if (data.mixing !== "dynamic") return;
    const excess = data.sources.map(({ reference_loss }, i) => {
      const reference = Array.isArray(reference_loss) ? reference_loss[stage]! : reference_loss!;
      const difference = (losses[i] ?? NaN) - reference;
      return Number.isFinite(difference) ? LOSS_STEP * Math.round(difference / LOSS_STEP) : 0;
    });
    this.#stream.mix(dynamicShares(this.#stream.shares(), excess));
  }

  /** Shares of the tokens from now on, by source; their sum is 1. */
  shares(): readonly number[] {
    return this.#stream.shares();
  }

  state(): Json {
    return this.#stream.state();
  }

  /** A stage with another vocabulary goes on in the same text. */
  #enter(stage: number): void {
    const data = this.#ofStages[stage]!;
    if (data === this.#data) return;
    data.takeOver(this.#stream);
    this.#data = data;
  }

  /** What the config says of the mixture there; null where it stays as it is. */
  #sharesFor({ stage, stage_step }: Position): number[] | null {
    const { data, stages } = this.#config;
    // What the losses have made of the mixture lasts until a stage has weights of its own.
    const isKept = stage_step > 0 || (stage > 0 && stages[stage]!.weights === null);
    if (data.mixing === "dynamic" && isKept) return null;
    if (data.mixing === "stages") {
      if (this.#mixedFor === stage) return null;
      this.#mixedFor = stage;
    }
    const last = stageSteps(this.#config, stage) - 1;
    const done = last === 0 ? 1 : stage_step / last;
    return sharesAt(this.#data.stage_weights, data.mixing, { stage, done });
  }
}
