import { FlmError } from "../../errors.ts";
import type { Channel } from "./channel.ts";
import { Doorkeeper } from "./doorkeeper.ts";
import type { Identity } from "./handshake.ts";
import { type FromRank, type FromStore, plain } from "./messages.ts";
import { refusal } from "./refusal.ts";
import { type Candidate, type Member, mismatch, rankList, Roster } from "./roster.ts";
import { Session, type SessionOptions } from "./session.ts";

/** A rank 0 that has just ended may still hold the port. */
const PORT_WAIT_MS = 30_000;

export interface StoreOptions extends SessionOptions {
  address: string;
  port: number;
  /** As the doorkeeper has it. */
  socket: number | null;
  secret: Buffer;
  /** Rank 0, to which all others have to be equal. */
  reference: Candidate;
  join_ms: number;
  onWarning(message: string): void;
}

/** Where the ranks of a job meet: rank 0 runs it. It lets them in, and when all are there their session begins. */
export class Store {
  readonly #options: StoreOptions;
  readonly #roster: Roster;
  /** Ranks that have been told why there will be no session. */
  readonly #dismissed = new Set<number>();
  #door: Doorkeeper | null = null;
  #joinLimit: NodeJS.Timeout | undefined;
  #session: Session | null = null;
  #failed: FlmError | null = null;
  #onAllDismissed: () => void = () => {};

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
    store.#joinLimit = setTimeout(() => store.#giveUp(), options.join_ms);
    return store;
  }

  private constructor(options: StoreOptions) {
    this.#options = options;
    this.#roster = new Roster(options.reference.join.world_size);
  }

  /** Until the session is over: every rank has left, or it has ended for all, or the time is up. */
  async whenOver(limit_ms: number): Promise<void> {
    await this.#session?.whenOver(limit_ms);
  }

  /**
   * Where ranks do not fit together: until all have come and heard why, or the time is up. One that comes later would
   * find nobody, and try for as long as it may.
   */
  async whenAllDismissed(limit_ms: number): Promise<void> {
    const { world_size } = this.#options.reference.join;
    if (this.#failed?.code !== "ENVIRONMENT" || this.#dismissed.size >= world_size) return;
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, limit_ms);
      this.#onAllDismissed = () => {
        clearTimeout(limit);
        resolve();
      };
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#joinLimit);
    this.#session?.stop();
    await Promise.all(this.#roster.members.map(({ channel }) => channel.end()));
    this.#door?.close();
  }

  #admit(identity: Identity, channel: Channel): void {
    const { rank } = identity;
    // What a refused rank says, or one with the number of another, does not count for the one that is in.
    const isIn = () => this.#roster.get(rank)?.channel === channel;
    const onMessage = (message: FromRank) => {
      if (isIn()) this.#session?.hear(rank, message);
      else if (message.type === "join") this.#join({ identity, join: message, channel });
    };
    channel.open<FromRank>(onMessage, (reason) => {
      if (!isIn()) return;
      if (this.#session) this.#session.lose(rank, reason);
      else this.#roster.remove(rank);
    });
  }

  #join(member: Member): void {
    const { reference, onWarning } = this.#options;
    const refused = refusal(member, reference, {
      epoch: this.#session?.epoch ?? null,
      ended: this.#session?.ended ?? this.#failed,
      roster: this.#roster,
    });
    if (refused !== null) {
      const { error, later, supersedes } = refused;
      onWarning(`refused: ${error.message}`);
      this.#refuse(member, error, later);
      void member.channel.end();
      if (supersedes) this.#end(error);
      return;
    }
    this.#roster.add(member);
    const different = mismatch(member, reference);
    if (different !== null) this.#end(different);
    else if (this.#roster.isComplete) this.#begin();
  }

  #begin(): void {
    clearTimeout(this.#joinLimit);
    this.#session = new Session(this.#roster.members, this.#options);
  }

  #giveUp(): void {
    const { world_size } = this.#options.reference.join;
    const { missing, size } = this.#roster;
    const seconds = this.#options.join_ms / 1000;
    this.#end(
      new FlmError(
        "COMM_TIMEOUT",
        `${size} of ${world_size} ranks have come within ${seconds} s; missing: ${rankList(missing)}`,
        {
          hint: "look at what these ranks printed; distributed.timeout_seconds is how long to wait",
        },
      ),
    );
  }

  /** For all ranks that are in. Only the first reason counts. */
  #end(error: FlmError): void {
    if (this.#session) return this.#session.end(error);
    if (this.#failed) return;
    this.#failed = error;
    clearTimeout(this.#joinLimit);
    for (const member of this.#roster.members) this.#refuse(member, error, false);
  }

  #refuse({ identity, channel }: Member, error: FlmError, later: boolean): void {
    channel.send({ type: "refused", error: plain(error), later } satisfies FromStore);
    if (this.#failed === null || later) return;
    this.#dismissed.add(identity.rank);
    if (this.#dismissed.size >= this.#options.reference.join.world_size) this.#onAllDismissed();
  }
}
