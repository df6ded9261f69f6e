import type { Config } from "../config/types.ts";
import type { RunEvent, StepRow, TrainObserver } from "./events.ts";
import { JsonlWriter } from "./jsonl.ts";
import type { RunDirectory } from "./run-directory.ts";
import { TensorboardWriter } from "./tensorboard.ts";

/** TensorBoard's events wait so long for each other: one by one they cost a small model's steps noticeable time. */
const WAIT_MS = 1000;

/** What a trainer tells of itself. */
export type RunRecorder = Pick<
  Recorder,
  "losses" | "metrics_rows" | "events_rows" | "step" | "event" | "rewind" | "sync" | "close"
>;

/** That of the ranks that do not lead: what they could tell is the same. */
export const SILENT: RunRecorder = {
  losses: [],
  metrics_rows: 0,
  events_rows: 0,
  step: () => {},
  event: () => {},
  rewind: () => {},
  sync: async () => {},
  close: () => {},
};

/** The checkpoint that a run goes on from. */
export interface Resumed {
  step: number;
  /** It ends a stage: what follows is repeated, since no other checkpoint stands behind it. */
  is_stage_end: boolean;
  /** What is evaluated at its step is evaluated again. */
  is_evaluation_due: boolean;
  /** That it knows of. */
  rollbacks: number;
  /** Of metrics.jsonl when it was written; undefined where it does not say. */
  metrics_rows?: number | undefined;
  /** Of events.jsonl. */
  events_rows?: number | undefined;
}

/** Everything a run leaves behind beside its checkpoints: metrics, events, TensorBoard, and the observer's calls. */
export class Recorder {
  /** What a crash, a disk or a person has taken from the rows of a resumed run. */
  readonly losses: readonly string[];
  readonly #metrics: JsonlWriter;
  readonly #events: JsonlWriter;
  readonly #tensorboard: TensorboardWriter | null;
  readonly #interval: number;
  readonly #observer: TrainObserver;
  /** Rows that TensorBoard has not been shown yet, and what their steps have taken. */
  #waiting: StepRow[] = [];
  #waited_ms = 0;

  /** `resumed` is null at the run's start; rows of later steps are going to be written again. */
  constructor(
    directory: RunDirectory,
    logging: Config["logging"],
    resumed: Resumed | null,
    observer: TrainObserver,
  ) {
    const last = resumed?.step ?? -1;
    this.#metrics = new JsonlWriter(directory.metrics, (row) => Number(row.step) <= last);
    this.#events = new JsonlWriter(
      directory.events,
      (row) => Number(row.step) <= last && !(resumed && isRepeated(row, resumed)),
    );
    this.losses = resumed
      ? [
          ...lossesIn("metrics.jsonl", this.#metrics, last, resumed.metrics_rows),
          ...lossesIn("events.jsonl", this.#events, last, resumed.events_rows),
        ]
      : [];
    this.#tensorboard = logging.tensorboard ? new TensorboardWriter(directory.tensorboard) : null;
    this.#interval = logging.interval_steps;
    this.#observer = observer;
  }

  /** Rows of metrics.jsonl. */
  get metrics_rows(): number {
    return this.#metrics.rows;
  }

  /** Rows of events.jsonl. */
  get events_rows(): number {
    return this.#events.rows;
  }

  /** @param is_stage_end the stage's last step has a row whatever the interval: what follows counts from it */
  step(row: StepRow, is_stage_end: boolean): void {
    if (row.step % this.#interval === 0 || is_stage_end) {
      this.#metrics.append(row);
      if (this.#tensorboard) this.#waiting.push(row);
    }
    this.#waited_ms += row.step_ms;
    if (this.#waited_ms >= WAIT_MS) this.#showWaiting();
    this.#observer.onStep?.(row);
  }

  #showWaiting(): void {
    const events = this.#waiting.map((row) => ({ step: row.step, values: scalarsOfStep(row) }));
    this.#waiting = [];
    this.#waited_ms = 0;
    this.#tensorboard?.scalars(events);
  }

  /** @param isTold the observer has heard of it */
  event(event: RunEvent, { isTold = false } = {}): void {
    this.#events.append({ time: new Date().toISOString(), ...event });
    this.#showWaiting();
    const values = scalarsOf(event);
    if (values !== null) this.#tensorboard?.scalars([{ step: event.step, values }]);
    if (!isTold) this.#observer.onEvent?.(event);
  }

  /** The run has gone back to this step: later rows are going to be written again. */
  rewind(step: number): void {
    const isKept = (row: Record<string, unknown>) => Number(row.step) <= step;
    this.#metrics.retain(isKept);
    this.#events.retain(isKept);
  }

  /** Waits until the rows up to now have reached the disk. A checkpoint that is newer than they are leaves a hole. */
  async sync(): Promise<void> {
    await Promise.all([this.#metrics.sync(), this.#events.sync()]);
  }

  close(): void {
    this.#showWaiting();
    this.#metrics.close();
    this.#events.close();
    this.#tensorboard?.close();
  }
}

function scalarsOfStep(row: StepRow): Record<string, number> {
  return {
    "train/loss": row.loss,
    "train/lr": row.lr,
    "train/grad_norm": row.grad_norm,
    "train/tokens_per_second": row.tokens_per_second,
    "train/tflops": row.tflops,
    "growth/stage": row.stage,
    "growth/ramp": row.ramp,
  };
}

/** What TensorBoard shows of an event; null for nothing. */
function scalarsOf(event: RunEvent): Record<string, number> | null {
  switch (event.type) {
    case "validation": {
      const { loss, bits_per_byte, sources = [] } = event;
      const ofSources = sources.flatMap((source) => [
        [`validation/${source.name}/bits_per_byte`, source.bits_per_byte],
        [`data/${source.name}/share`, source.share],
      ]);
      return {
        "validation/loss": loss,
        "validation/bits_per_byte": bits_per_byte,
        ...Object.fromEntries(ofSources),
      };
    }
    case "preference":
      return {
        "validation/loss": event.loss,
        "validation/margin": event.margin,
        "validation/accuracy": event.accuracy,
      };
    case "evaluation": {
      const tag = (name: string) => `${event.suite}/${name.replaceAll(" ", "_")}`;
      return Object.fromEntries(event.groups.map(({ name, score }) => [tag(name), score]));
    }
    case "stage":
      return { "growth/near_zero_share": event.near_zero_share };
    case "growth":
      return {
        "growth/parameters": event.parameters_after,
        ...(event.bits_per_byte
          ? {
              "growth/bits_per_byte_difference":
                event.bits_per_byte.after - event.bits_per_byte.before,
            }
          : { "growth/loss_difference": event.loss_after - event.loss_before }),
      };
    default:
      return null;
  }
}

/** @param had its rows when the checkpoint of `step` was written, where that is known */
function lossesIn(
  name: string,
  { rows, damaged }: Pick<JsonlWriter, "rows" | "damaged">,
  step: number,
  had: number | undefined,
): string[] {
  if (had === undefined)
    return damaged === 0 ? [] : [`${name} had damaged lines, which are gone: ${damaged}`];
  if (rows >= had) return [];
  return [
    `${name} has ${rows} rows up to step ${step}, it had ${had}: the others are lost or damaged`,
  ];
}

/** Whether a row up to a checkpoint's step was written after it all the same. */
function isRepeated(row: Record<string, unknown>, resumed: Resumed) {
  const { step, is_stage_end, is_evaluation_due, rollbacks } = resumed;
  if (row.type === "rollback") return Number(row.number) > rollbacks;
  const evaluates = ["validation", "preference", "evaluation"].includes(String(row.type));
  if (is_evaluation_due && evaluates) return Number(row.step) === step;
  const followsStage = ["stage", "sample", "growth"].includes(String(row.type));
  return is_stage_end && followsStage && Number(row.step) === step;
}
