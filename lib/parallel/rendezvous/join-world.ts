import { Worker } from "node:worker_threads";
import { FlmError } from "../../errors.ts";
import { asError, type Call, plain, revive } from "./messages.ts";
import type { JoinOptions } from "./options.ts";
import type { FromWorker, ToWorker, WorkerOptions } from "./worker-messages.ts";
import type { WaitOptions, World } from "./world.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: FlmError): void;
}

/**
 * Joins the other ranks of the job: rank 0 runs the store, every rank connects to it. All of it lives in a thread of its
 * own, so that this rank is alive for the others whatever the main thread does. It does not keep the process alive,
 * except while something is waited for. Where the main thread stands still when the world ends, it kills the process.
 *
 * @throws FlmError ENVIRONMENT where ranks do not fit together (version, config, world size, secret: the message has
 *   both values), COMM_TIMEOUT where ranks do not come (the message lists them), COMM_PEER_LOST where the job has gone
 *   on without this rank; CANCELLED where the signal comes first
 */
export async function joinWorld(options: JoinOptions, signal?: AbortSignal): Promise<World> {
  const { onWarning, ...workerData } = options;
  // Workers are loaded by Node itself, which reads no TypeScript: this works in dist/ alone.
  const worker = new Worker(new URL("./world-worker.js", import.meta.url), {
    workerData: workerData satisfies WorkerOptions,
  });
  const world = new ThreadedWorld(options, worker, onWarning ?? (() => {}));
  const giveUp = () => world.giveUp();
  signal?.addEventListener("abort", giveUp);
  if (signal?.aborted) giveUp();
  try {
    await world.joined;
    return world;
  } catch (error) {
    // The others find its connection closed, and wait for another process of this rank.
    if (signal?.aborted) await worker.terminate();
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

class ThreadedWorld implements World {
  readonly rank: number;
  readonly world_size: number;
  readonly local_rank: number;
  epoch = 0;
  roster: readonly unknown[] = [];
  hosts: readonly string[] = [];
  readonly joined: Promise<unknown>;
  readonly #worker: Worker;
  readonly #onWarning: (message: string) => void;
  readonly #listeners: ((reason: FlmError) => void)[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #lost: FlmError | null = null;
  #ended: FlmError | null = null;
  #isClosed = false;
  /** The join itself waits under 0. */
  #nextId = 0;

  constructor({ launch }: JoinOptions, worker: Worker, onWarning: (message: string) => void) {
    this.rank = launch.rank;
    this.world_size = launch.world_size;
    this.local_rank = launch.local_rank;
    this.#worker = worker;
    this.#onWarning = onWarning;
    worker.on("message", (message: FromWorker) => this.#hear(message));
    worker.on("error", (cause) => this.#lose(cause.message, cause));
    worker.on("exit", () => this.#isClosed || this.#lose("it has ended"));
    this.joined = this.#wait(() => {});
  }

  /** Ends the wait for the others. */
  giveUp(): void {
    this.#isClosed = true;
    this.#settle(0)?.reject(new FlmError("CANCELLED", "told to stop while ranks were joining"));
  }

  async gather(key: string, value: unknown, options?: WaitOptions): Promise<unknown[]> {
    return (await this.#call("gather", key, value, options)) as unknown[];
  }

  broadcast(key: string, value: unknown, options?: WaitOptions): Promise<unknown> {
    return this.#call("broadcast", key, value, options);
  }

  async barrier(key: string, options?: WaitOptions): Promise<void> {
    await this.#call("barrier", key, null, options);
  }

  progress(step: number): void {
    this.#tell({ type: "progress", step });
  }

  abort(reason: FlmError | string): void {
    this.#tell({ type: "abort", error: plain(asError(reason)) });
  }

  onAbort(listener: (reason: FlmError) => void): void {
    if (this.#ended) listener(this.#ended);
    else this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed || this.#lost) return;
    this.#isClosed = true;
    try {
      await this.#wait((id) => this.#tell({ type: "close", id }));
    } finally {
      await this.#worker.terminate();
    }
  }

  #call(verb: Call["verb"], key: string, value: unknown, options?: WaitOptions): Promise<unknown> {
    return this.#wait((id) => this.#tell({ type: "call", id, verb, key, value, options }));
  }

  #wait(start: (id: number) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      const id = this.#nextId++;
      start(id);
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
    });
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    return waiting;
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case "joined":
        this.epoch = message.epoch;
        this.roster = message.roster;
        this.hosts = message.hosts;
        return this.#settle(0)?.resolve(null);
      case "failed":
        this.#isClosed = true;
        return this.#settle(0)?.reject(revive(message.error));
      case "answer":
        return this.#settle(message.id)?.resolve(message.value);
      case "refusal":
        return this.#settle(message.id)?.reject(revive(message.error));
      case "abort":
        this.#tell({ type: "heard" });
        return this.#end(revive(message.error));
      case "warning":
        return this.#onWarning(message.message);
    }
  }

  #lose(reason: string, cause?: unknown): void {
    const text = `the thread that talks to the other ranks is gone: ${reason}`;
    const error = new FlmError("INTERNAL", text, { cause });
    this.#lost = error;
    for (const id of [...this.#waiting.keys()]) this.#settle(id)!.reject(error);
    this.#end(error);
  }

  #end(reason: FlmError): void {
    if (this.#ended) return;
    this.#ended = reason;
    for (const listener of this.#listeners) listener(reason);
  }

  #tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}
