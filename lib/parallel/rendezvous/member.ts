import { FlmError } from "../../errors.ts";
import { type ConnectOptions, type Connection, connectToStore } from "./connect.ts";
import {
  type Call,
  type FromRank,
  type FromStore,
  plain,
  type PlainError,
  revive,
} from "./messages.ts";
import type { Timing } from "./options.ts";
import { everyHeartbeat } from "./ticker.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: FlmError): void;
}

/** One rank's connection to the store, from the moment at which all have joined. */
export class Member {
  readonly epoch: number;
  readonly hosts: readonly string[];
  readonly endpoints: readonly unknown[];
  readonly #rank: number;
  readonly #channel: Connection["channel"];
  readonly #timing: Timing;
  readonly #listeners: ((reason: FlmError) => void)[] = [];
  /** By key, in the order of the calls. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #beat: NodeJS.Timeout;
  #step = 0;
  #reports = 0;
  #forgivenUntil = 0;
  #ended: FlmError | null = null;
  #hasLeft = false;
  #onBye: () => void = () => {};

  /** @throws FlmError as `connectToStore` does */
  static async join(
    options: Omit<ConnectOptions, "handshake_ms" | "patience_ms">,
    timing: Timing,
  ): Promise<Member> {
    const { handshake_ms, silence_ms } = timing;
    const connection = await connectToStore({ ...options, handshake_ms, patience_ms: silence_ms });
    return new Member(options.identity.rank, connection, timing);
  }

  private constructor(rank: number, { channel, joined }: Connection, timing: Timing) {
    this.#rank = rank;
    this.epoch = joined.epoch;
    this.hosts = joined.hosts;
    this.endpoints = joined.endpoints;
    this.#channel = channel;
    this.#timing = timing;
    channel.open<FromStore>(
      (message) => this.#hear(message),
      (reason) => this.#loseStore(reason),
    );
    this.#beat = everyHeartbeat(timing, (now, stood_still) => this.#sayAlive(now, stood_still));
  }

  call({ value, ...call }: Omit<Call, "type">): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      // Throws, and so rejects, where the value is too long; then nobody waits for it.
      this.#send({ type: "call", value: value ?? null, ...call });
      const waiting = this.#waiting.get(call.key) ?? [];
      this.#waiting.set(call.key, [...waiting, { resolve, reject }]);
    });
  }

  /** Reaches the store with the next heartbeat. */
  progress(step: number): void {
    this.#step = step;
    this.#reports += 1;
  }

  abort(error: FlmError): void {
    if (this.#ended || this.#hasLeft) return;
    this.#send({ type: "abort", error: plain(error) });
    this.#end(error);
  }

  /** Called once, when the world has ended; at once where it already has. */
  onAbort(listener: (reason: FlmError) => void): void {
    if (this.#ended) listener(this.#ended);
    else this.#listeners.push(listener);
  }

  /** Tells the store that this rank is done; its end is no loss then. */
  async leave(): Promise<void> {
    if (!this.#ended && !this.#hasLeft) {
      this.#hasLeft = true;
      const bye = new Promise<void>((resolve) => (this.#onBye = resolve));
      this.#send({ type: "leave" });
      const limit = setTimeout(this.#onBye, this.#timing.silence_ms);
      await bye;
      clearTimeout(limit);
    }
    clearInterval(this.#beat);
    await this.#channel.end();
  }

  #sayAlive(now: number, stood_still: boolean): void {
    const { silence_ms } = this.#timing;
    if (stood_still) this.#forgivenUntil = now;
    if (now - Math.max(this.#channel.heardAt, this.#forgivenUntil) > silence_ms)
      this.#loseStore(`nothing heard for ${silence_ms / 1000} s`);
    else this.#send({ type: "beat", step: this.#step, reports: this.#reports });
  }

  #hear(message: FromStore): void {
    if (message.type === "answer") this.#answer(message.key, message.value);
    else if (message.type === "abort") this.#end(this.#asSeenHere(message.error));
    else if (message.type === "bye") this.#onBye();
  }

  /** What has failed here names no rank, also where another rank was first to tell of it. */
  #asSeenHere({ rank, ...error }: PlainError): FlmError {
    return revive(rank === undefined || rank === this.#rank ? error : { ...error, rank });
  }

  #answer(key: string, value: unknown): void {
    const [first, ...others] = this.#waiting.get(key) ?? [];
    if (others.length > 0) this.#waiting.set(key, others);
    else this.#waiting.delete(key);
    first?.resolve(value);
  }

  #loseStore(reason: string): void {
    if (this.#hasLeft) return this.#onBye();
    this.#end(new FlmError("COMM_PEER_LOST", `lost rank 0 (${this.hosts[0]}): ${reason}`));
  }

  #end(error: FlmError): void {
    if (this.#ended) return;
    this.#ended = error;
    clearInterval(this.#beat);
    // A world that has ended says nobody goodbye.
    this.#onBye();
    for (const { reject } of [...this.#waiting.values()].flat()) reject(error);
    this.#waiting.clear();
    for (const listener of this.#listeners) listener(error);
  }

  #send(message: FromRank): void {
    this.#channel.send(message);
  }
}
