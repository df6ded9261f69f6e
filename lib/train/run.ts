import type { Config } from "../config/types.ts";
import type { StepRow, TrainObserver, TrainResult } from "./events.ts";
import { runTraining, type TrainOptions } from "./train.ts";

/**
 * A running training: await it for the result, or iterate over its steps. Reading never holds training up, and a reader
 * that leaves its loop does not end it: `signal` does. Rows are kept for the reader from the moment it begins to iterate.
 */
export class TrainRun implements PromiseLike<TrainResult>, AsyncIterable<StepRow> {
  readonly #result: Promise<TrainResult>;
  readonly #readers = new Set<RowQueue>();

  constructor(config: Config, options: TrainOptions) {
    const observer: TrainObserver = {
      ...options.observer,
      onStep: (row) => {
        options.observer?.onStep?.(row);
        for (const reader of this.#readers) reader.push(row);
      },
    };
    this.#result = runTraining(config, { ...options, observer }).then((result) => {
      if (result.status !== "done") throw abortError(options.signal);
      return result;
    });
    // Whoever awaits or iterates hears of a failure.
    this.#result.catch(() => {});
  }

  // oxlint-disable-next-line unicorn/no-thenable -- being awaitable is the point
  then<Done = TrainResult, Failed = never>(
    onDone?: ((result: TrainResult) => Done | PromiseLike<Done>) | null,
    onFailed?: ((reason: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Done | Failed> {
    return this.#result.then(onDone, onFailed);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StepRow, void, undefined> {
    const reader = new RowQueue();
    this.#readers.add(reader);
    const close = () => reader.close();
    this.#result.then(close, close);
    try {
      for (let row = await reader.next(); row !== null; row = await reader.next()) yield row;
      await this.#result;
    } finally {
      this.#readers.delete(reader);
    }
  }
}

class RowQueue {
  readonly #rows: StepRow[] = [];
  #closed = false;
  #wake: (() => void) | null = null;

  push(row: StepRow): void {
    this.#rows.push(row);
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async next(): Promise<StepRow | null> {
    while (this.#rows.length === 0 && !this.#closed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#rows.shift() ?? null;
  }
}

/** What the platform's own functions reject with after an abort; the checkpoint is committed by then. */
function abortError(signal: AbortSignal | undefined): Error {
  return new DOMException(`training was stopped: ${String(signal?.reason)}`, "AbortError");
}
