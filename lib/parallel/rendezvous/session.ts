import { FlmError } from "../../errors.ts";
import { type FromRank, type FromStore, plain, type PlainError, revive } from "./messages.ts";
import type { Timing } from "./options.ts";
import { pack } from "./packed.ts";
import { type Member, nameOf } from "./roster.ts";
import { Rounds } from "./rounds.ts";
import { everyHeartbeat } from "./ticker.ts";
import { Vitals } from "./vitals.ts";

export interface SessionOptions {
  timing: Timing;
  watchdog_ms: number;
}

/**
 * A world from the moment at which all ranks are there: passes their values on, and ends for all of them as soon as one
 * is lost, hangs or aborts.
 */
export class Session {
  readonly epoch: number;
  readonly #options: SessionOptions;
  /** By rank. */
  readonly #members: readonly Member[];
  readonly #ranks: readonly number[];
  readonly #rounds: Rounds;
  readonly #vitals: Vitals;
  readonly #left = new Set<number>();
  readonly #watch: NodeJS.Timeout;
  #ended: FlmError | null = null;
  #onOver: () => void = () => {};

  constructor(members: readonly Member[], options: SessionOptions) {
    this.epoch = 1 + Math.max(...members.map(({ identity }) => identity.seen_epoch));
    this.#options = options;
    this.#members = members;
    this.#ranks = members.map(({ identity }) => identity.rank);
    this.#rounds = new Rounds({
      world_size: members.length,
      answer: (ranks, key, value) => this.#tellAll(ranks, { type: "answer", key, value }),
      fail: (error) => this.end(error),
    });
    this.#vitals = new Vitals({
      silence_ms: options.timing.silence_ms,
      watchdog_ms: options.watchdog_ms,
    });
    this.#vitals.forgive(performance.now());
    this.#watch = everyHeartbeat(options.timing, (now, stood_still) => {
      if (stood_still) this.#vitals.forgive(now);
      this.#check(now);
    });
    const hosts = members.map(({ join }) => join.host);
    const endpoints = members.map(({ join }) => join.endpoint);
    this.#tellAll(this.#ranks, { type: "joined", epoch: this.epoch, hosts, endpoints });
  }

  /** Why it has ended; null while it has not. */
  get ended(): FlmError | null {
    return this.#ended;
  }

  hear(rank: number, message: FromRank): void {
    if (this.#ended) return;
    try {
      this.#obey(rank, message);
    } catch (error) {
      if (!(error instanceof FlmError)) throw error;
      this.end(error);
    }
  }

  /** Its connection has closed, or it says nothing. */
  lose(rank: number, reason: string): void {
    if (this.#left.has(rank)) return;
    this.end(new FlmError("COMM_PEER_LOST", `lost ${this.#nameOf(rank)}: ${reason}`));
  }

  /** For all ranks. Only the first reason counts. */
  end(error: FlmError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.stop();
    this.#tellAll(this.#ranks, { type: "abort", error: plain(error) });
    this.#onOver();
  }

  /** Until every rank has left, or the world has ended otherwise, or the time is up. */
  async whenOver(limit_ms: number): Promise<void> {
    if (this.#ended || this.#left.size === this.#members.length) return;
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, limit_ms);
      this.#onOver = () => {
        clearTimeout(limit);
        resolve();
      };
    });
  }

  stop(): void {
    clearInterval(this.#watch);
    this.#rounds.close();
  }

  #obey(rank: number, message: FromRank): void {
    switch (message.type) {
      case "beat":
        this.#vitals.report(rank, message.step, message.reports, performance.now());
        return this.#tell(rank, { type: "beat" });
      case "call":
        this.#rounds.call(rank, message);
        return this.#refuseToWaitForThoseWhoLeft();
      case "abort":
        return this.#abortFor(rank, message.error);
      case "leave":
        return this.#leave(rank);
      case "join":
        return;
    }
  }

  #check(now: number): void {
    const { timing, watchdog_ms } = this.#options;
    for (const { identity, channel } of this.#members)
      if (!this.#left.has(identity.rank) && this.#vitals.isSilent(channel.heardAt, now))
        return this.lose(identity.rank, `nothing heard for ${timing.silence_ms / 1000} s`);
    const standstill = this.#vitals.stuck(now);
    if (standstill === null) return;
    const { ranks, step, furthest } = standstill;
    const names = ranks.map((rank) => this.#nameOf(rank)).join(", ");
    const others = furthest > step ? `; others have reached step ${furthest}` : "";
    this.end(
      new FlmError(
        "COMM_TIMEOUT",
        `no progress for ${watchdog_ms / 1000} s, although the process lives: ${names} at step ${step}${others}`,
      ),
    );
  }

  #leave(rank: number): void {
    this.#left.add(rank);
    this.#vitals.forget(rank);
    this.#tell(rank, { type: "bye" });
    this.#refuseToWaitForThoseWhoLeft();
    if (this.#left.size === this.#members.length) this.#onOver();
  }

  #refuseToWaitForThoseWhoLeft(): void {
    const { waiting } = this.#rounds;
    if (waiting === null || this.#left.size === 0) return;
    const gone = [...this.#left].map((rank) => this.#nameOf(rank)).join(", ");
    this.end(
      new FlmError("COMM_PEER_LOST", `${gone} has left, but others wait for it at ${waiting}`),
    );
  }

  #abortFor(rank: number, error: PlainError): void {
    // One that passes on what another rank has failed with is not to blame.
    if (error.rank !== undefined) return this.end(revive(error));
    this.end(revive({ ...error, message: `${this.#nameOf(rank)}: ${error.message}`, rank }));
  }

  #nameOf(rank: number): string {
    return nameOf(this.#members[rank]!);
  }

  #tell(rank: number, message: FromStore): void {
    this.#members[rank]!.channel.send(message);
  }

  #tellAll(ranks: readonly number[], message: FromStore): void {
    const packed = pack(message);
    for (const rank of ranks) this.#members[rank]!.channel.sendPacked(packed);
  }
}
