import type { FlmError } from "../../errors.ts";
import { asError } from "./messages.ts";
import type { JoinOptions } from "./options.ts";
import type { World } from "./world.ts";

/** The world of a job with one rank: nobody to wait for, and no socket. */
export class SoloWorld implements World {
  readonly rank = 0;
  readonly world_size = 1;
  readonly local_rank = 0;
  readonly epoch: number;
  readonly roster: readonly unknown[];
  readonly hosts: readonly string[];
  readonly #listeners: ((reason: FlmError) => void)[] = [];
  #ended: FlmError | null = null;

  constructor({ seen_epoch, endpoint }: JoinOptions, host: string) {
    this.epoch = seen_epoch + 1;
    this.roster = [endpoint];
    this.hosts = [host];
  }

  async gather(_key: string, value: unknown): Promise<unknown[]> {
    return [this.#unlessEnded(value)];
  }

  async broadcast(_key: string, value: unknown): Promise<unknown> {
    return this.#unlessEnded(value);
  }

  async barrier(): Promise<void> {
    this.#unlessEnded(null);
  }

  progress(): void {}

  abort(reason: FlmError | string): void {
    if (this.#ended) return;
    this.#ended = asError(reason);
    for (const listener of this.#listeners) listener(this.#ended);
  }

  onAbort(listener: (reason: FlmError) => void): void {
    if (this.#ended) listener(this.#ended);
    else this.#listeners.push(listener);
  }

  async close(): Promise<void> {}

  #unlessEnded<Value>(value: Value): Value {
    if (this.#ended) throw this.#ended;
    return value;
  }
}
