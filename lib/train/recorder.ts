import type { Config } from "../config/types.ts";
import type { RunEvent, StepRow, TrainObserver } from "./events.ts";
import { JsonlWriter } from "./jsonl.ts";
import type { RunDirectory } from "./run-directory.ts";
import { TensorboardWriter } from "./tensorboard.ts";

/** What a trainer tells of itself. */
export type RunRecorder = Pick<Recorder, "step" | "event" | "close">;

/** That of the ranks that do not lead: what they could tell is the same. */
export const SILENT: RunRecorder = { step: () => {}, event: () => {}, close: () => {} };

/** Everything a run leaves behind beside its checkpoints: metrics, events, TensorBoard, and the observer's calls. */
export class Recorder {
  readonly #metrics: JsonlWriter;
  readonly #events: JsonlWriter;
  readonly #tensorboard: TensorboardWriter | null;
  readonly #interval: number;
  readonly #observer: TrainObserver;

  /** `step` is where the run goes on, null at its start: rows of later steps are going to be written again. */
  constructor(
    directory: RunDirectory,
    logging: Config["logging"],
    step: number | null,
    observer: TrainObserver,
  ) {
    const last = step ?? -1;
    this.#metrics = new JsonlWriter(directory.metrics, (row) => Number(row.step) <= last);
    // What follows the checkpoint at a stage's end is repeated, since no other stands behind it.
    this.#events = new JsonlWriter(
      directory.events,
      (row) =>
        Number(row.step) < last ||
        (Number(row.step) === last && !["stage", "sample", "growth"].includes(String(row.type))),
    );
    this.#tensorboard = logging.tensorboard ? new TensorboardWriter(directory.tensorboard) : null;
    this.#interval = logging.interval_steps;
    this.#observer = observer;
  }

  step(row: StepRow): void {
    if (row.step % this.#interval === 0) {
      this.#metrics.append(row);
      this.#tensorboard?.scalars(row.step, {
        "train/loss": row.loss,
        "train/lr": row.lr,
        "train/grad_norm": row.grad_norm,
        "train/tokens_per_second": row.tokens_per_second,
        "train/tflops": row.tflops,
        "growth/stage": row.stage,
        "growth/ramp": row.ramp,
      });
    }
    this.#observer.onStep?.(row);
  }

  event(event: RunEvent): void {
    this.#events.append({ time: new Date().toISOString(), ...event });
    if (event.type === "validation")
      this.#tensorboard?.scalars(event.step, {
        "validation/loss": event.loss,
        "validation/bits_per_byte": event.bits_per_byte,
      });
    if (event.type === "evaluation")
      this.#tensorboard?.scalars(
        event.step,
        Object.fromEntries(
          event.groups.map(({ name, score }) => [
            `${event.suite}/${name.replaceAll(" ", "_")}`,
            score,
          ]),
        ),
      );
    if (event.type === "stage")
      this.#tensorboard?.scalars(event.step, { "growth/near_zero_share": event.near_zero_share });
    if (event.type === "growth")
      this.#tensorboard?.scalars(event.step, {
        "growth/parameters": event.parameters_after,
        "growth/loss_difference": event.loss_after - event.loss_before,
      });
    this.#observer.onEvent?.(event);
  }

  close(): void {
    this.#metrics.close();
    this.#events.close();
    this.#tensorboard?.close();
  }
}
