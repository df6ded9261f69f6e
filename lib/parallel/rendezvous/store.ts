import { FlmError } from "../../errors.ts";
import type { Channel } from "./channel.ts";
import { Doorkeeper } from "./doorkeeper.ts";
import type { Identity } from "./handshake.ts";
import { type FromRank, type FromStore, plain, type PlainError } from "./messages.ts";
import type { Timing } from "./options.ts";
import { everyHeartbeat } from "./ticker.ts";
import { refusal } from "./refusal.ts";
import { type Candidate, type Member, mismatch, nameOf, rankList, Roster } from "./roster.ts";
import { Rounds } from "./rounds.ts";
import { Vitals } from "./vitals.ts";

export interface StoreOptions {
  address: string;
  port: number;
  secret: Buffer;
  /** Rank 0, to which all others have to be equal. */
  reference: Candidate;
  join_ms: number;
  watchdog_ms: number;
  timing: Timing;
  onWarning(message: string): void;
}

/** A rank 0 that has just ended may still hold the port. */
const PORT_WAIT_MS = 30_000;

/**
 * Where the ranks of a world meet: rank 0 runs it. It lets them in, tells them the epoch when all are there, passes
 * values between them, and ends the world for all as soon as one of them is lost, hangs or aborts.
 */
export class Store {
  readonly #options: StoreOptions;
  readonly #roster: Roster;
  readonly #rounds: Rounds;
  readonly #vitals: Vitals;
  readonly #left = new Set<number>();
  #door: Doorkeeper | null = null;
  #joinLimit: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #epoch: number | null = null;
  #ended: FlmError | null = null;
  #onEmpty: () => void = () => {};

  /** @throws FlmError ENVIRONMENT where rank 0 cannot listen at that address */
  static async listen(options: StoreOptions): Promise<Store> {
    const store = new Store(options);
    store.#door = await Doorkeeper.open({
      ...options,
      job: options.reference.identity.job,
      max_sockets: 2 * options.reference.join.world_size + 16,
      handshake_ms: options.timing.handshake_ms,
      listen_ms: Math.min(options.join_ms, PORT_WAIT_MS),
      onRank: (identity, channel) => store.#admit(identity, channel),
    });
    store.#joinLimit = setTimeout(() => store.#giveUpJoining(), options.join_ms);
    return store;
  }

  private constructor(options: StoreOptions) {
    const { world_size } = options.reference.join;
    const { silence_ms } = options.timing;
    this.#options = options;
    this.#roster = new Roster(world_size);
    this.#vitals = new Vitals({ silence_ms, watchdog_ms: options.watchdog_ms });
    this.#rounds = new Rounds({
      world_size,
      answer: (rank, id, value) => this.#tell(rank, { type: "answer", id, value }),
      fail: (error) => this.#fail(error),
    });
  }

  /** Until every rank has left, the world has ended otherwise, or the time is up. */
  async whenEmpty(limit_ms: number): Promise<void> {
    if (this.#ended || this.#epoch === null || this.#left.size === this.#roster.size) return;
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, limit_ms);
      this.#onEmpty = () => {
        clearTimeout(limit);
        resolve();
      };
    });
  }

  async close(): Promise<void> {
    this.#stop();
    await Promise.all(this.#roster.members.map(({ channel }) => channel.end()));
    this.#door?.close();
  }

  #admit(identity: Identity, channel: Channel): void {
    const { rank } = identity;
    // What a refused rank says, or one with the number of another, does not count for the one that is in.
    const isIn = () => this.#roster.get(rank)?.channel === channel;
    const onMessage = (message: FromRank) => {
      if (isIn()) this.#hear(rank, message);
      else if (message.type === "join") this.#join({ identity, join: message, channel });
    };
    channel.open<FromRank>(onMessage, (reason) => {
      if (isIn()) this.#lose(rank, reason);
    });
  }

  #join(member: Member): void {
    const { reference } = this.#options;
    const state = { epoch: this.#epoch, ended: this.#ended, roster: this.#roster };
    const refused = refusal(member, reference, state);
    if (refused !== null) {
      const { error, later, supersedes } = refused;
      this.#options.onWarning(`refused: ${error.message}`);
      send(member.channel, { type: "refused", error: plain(error), later });
      void member.channel.end();
      if (supersedes) this.#fail(error);
      return;
    }
    this.#roster.add(member);
    const different = mismatch(member, reference);
    if (different !== null) this.#fail(different);
    else if (this.#roster.isComplete) this.#begin();
  }

  #begin(): void {
    clearTimeout(this.#joinLimit);
    const { members } = this.#roster;
    const epoch = 1 + Math.max(...members.map(({ identity }) => identity.seen_epoch));
    this.#epoch = epoch;
    const hosts = members.map(({ join }) => join.host);
    const endpoints = members.map(({ join }) => join.endpoint);
    this.#tellAll({ type: "joined", epoch, hosts, endpoints });
    this.#vitals.forgive(performance.now());
    this.#watch = everyHeartbeat(this.#options.timing, (now, stood_still) => {
      if (stood_still) this.#vitals.forgive(now);
      this.#check(now);
    });
  }

  #check(now: number): void {
    const { timing, watchdog_ms } = this.#options;
    for (const { identity, channel } of this.#roster.members)
      if (!this.#left.has(identity.rank) && this.#vitals.isSilent(channel.heardAt, now))
        return this.#lose(identity.rank, `nothing heard for ${timing.silence_ms / 1000} s`);
    const standstill = this.#vitals.stuck(now);
    if (standstill === null) return;
    const { ranks, step, furthest } = standstill;
    const names = ranks.map((rank) => nameOf(this.#roster.get(rank)!)).join(", ");
    const others = furthest > step ? `; others have reached step ${furthest}` : "";
    this.#fail(
      new FlmError(
        "COMM_TIMEOUT",
        `no progress for ${watchdog_ms / 1000} s, although the process lives: ${names} at step ${step}${others}`,
      ),
    );
  }

  #hear(rank: number, message: FromRank): void {
    if (this.#ended) return;
    try {
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
    } catch (error) {
      if (error instanceof FlmError) this.#fail(error);
      else
        this.#roster
          .get(rank)
          ?.channel.destroy(`it sent what nobody understands: ${String(error)}`);
    }
  }

  #leave(rank: number): void {
    this.#left.add(rank);
    this.#vitals.forget(rank);
    this.#tell(rank, { type: "bye" });
    this.#refuseToWaitForThoseWhoLeft();
    if (this.#left.size === this.#roster.size) this.#onEmpty();
  }

  #refuseToWaitForThoseWhoLeft(): void {
    const { waiting } = this.#rounds;
    if (waiting === null || this.#left.size === 0) return;
    const gone = [...this.#left].map((rank) => nameOf(this.#roster.get(rank)!)).join(", ");
    this.#fail(
      new FlmError("COMM_PEER_LOST", `${gone} has left, but others wait for it at ${waiting}`),
    );
  }

  #lose(rank: number, reason: string): void {
    const member = this.#roster.get(rank)!;
    if (this.#left.has(rank)) return;
    if (this.#epoch === null) return this.#roster.remove(rank);
    this.#fail(new FlmError("COMM_PEER_LOST", `lost ${nameOf(member)}: ${reason}`));
  }

  #abortFor(rank: number, { code, message, hint }: PlainError): void {
    const text = `${nameOf(this.#roster.get(rank)!)}: ${message}`;
    this.#fail(new FlmError(code, text, hint === undefined ? {} : { hint }));
  }

  #giveUpJoining(): void {
    const { world_size } = this.#options.reference.join;
    const { missing, size } = this.#roster;
    const seconds = this.#options.join_ms / 1000;
    this.#fail(
      new FlmError(
        "COMM_TIMEOUT",
        `${size} of ${world_size} ranks have come within ${seconds} s; missing: ${rankList(missing)}`,
        {
          hint: "look at what these ranks printed; distributed.timeout_seconds is how long to wait",
        },
      ),
    );
  }

  /** The end of the world, for all. Only the first reason counts. */
  #fail(error: FlmError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#stop();
    const text = plain(error);
    if (this.#epoch === null) this.#tellAll({ type: "refused", error: text, later: false });
    else this.#tellAll({ type: "abort", error: text });
    this.#onEmpty();
  }

  #stop(): void {
    clearTimeout(this.#joinLimit);
    clearInterval(this.#watch);
    this.#rounds.close();
  }

  #tell(rank: number, message: FromStore): void {
    const member = this.#roster.get(rank);
    if (member) send(member.channel, message);
  }

  #tellAll(message: FromStore): void {
    for (const { identity } of this.#roster.members) this.#tell(identity.rank, message);
  }
}

function send(channel: Channel, message: FromStore): void {
  channel.send(message);
}
