import { FlmError } from "../../errors.ts";
import type { Call } from "./messages.ts";
import { rankList } from "./roster.ts";

/** The longest wait that a timer takes; calls that name a longer one wait this long. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Round {
  verb: Call["verb"];
  first: number;
  calls: Map<number, Call>;
  timer: NodeJS.Timeout;
}

export interface RoundsOptions {
  world_size: number;
  answer(ranks: readonly number[], key: string, value: unknown): void;
  /** A round that cannot come to its end: ranks disagree, or one does not come. */
  fail(error: FlmError): void;
}

/**
 * Where ranks meet: the n-th call with a key of one rank belongs to the n-th of every other. Only rounds that wait for
 * somebody are kept.
 */
export class Rounds {
  readonly #open = new Map<string, Round[]>();
  readonly #options: RoundsOptions;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  call(rank: number, call: Call): void {
    const rounds = this.#open.get(call.key) ?? [];
    let round = rounds.find(({ calls }) => !calls.has(rank));
    if (!round) {
      const ms = Math.min(call.timeout_ms, LONGEST_TIMER_MS);
      const calls = new Map<number, Call>();
      const timer = setTimeout(() => this.#timeOut(call, calls, ms), ms);
      round = { verb: call.verb, first: rank, calls, timer };
      rounds.push(round);
      this.#open.set(call.key, rounds);
    }
    if (round.verb !== call.verb)
      return this.#options.fail(
        new FlmError(
          "INTERNAL",
          `rank ${rank} calls ${describe(call)}, rank ${round.first} calls ${describe({ ...call, verb: round.verb })}`,
        ),
      );
    round.calls.set(rank, call);
    if (round.calls.size === this.#meeting(call)) this.#finish(call.key, rounds, round);
  }

  /** A call that is waiting, described; null where none is. */
  get waiting(): string | null {
    const [key, rounds] = [...this.#open][0] ?? [];
    return rounds ? describe({ verb: rounds[0]!.verb, key: key! }) : null;
  }

  close(): void {
    for (const round of [...this.#open.values()].flat()) clearTimeout(round.timer);
    this.#open.clear();
  }

  #finish(key: string, rounds: Round[], round: Round): void {
    clearTimeout(round.timer);
    rounds.splice(rounds.indexOf(round), 1);
    if (rounds.length === 0) this.#open.delete(key);
    const ranks = [...round.calls.keys()].toSorted((a, b) => a - b);
    const values = ranks.map((rank) => round.calls.get(rank)!.value);
    const answers = { gather: values, broadcast: values[0], barrier: null };
    this.#options.answer(ranks, key, answers[round.verb]);
  }

  /** How many ranks a call is for. */
  #meeting({ ranks = this.#options.world_size }: Call): number {
    return ranks;
  }

  #timeOut(call: Call, came: ReadonlyMap<number, Call>, ms: number): void {
    const absent = Array.from({ length: this.#meeting(call) }, (_, rank) => rank).filter(
      (rank) => !came.has(rank),
    );
    this.#options.fail(
      new FlmError(
        "COMM_TIMEOUT",
        `${describe(call)}: rank ${rankList(absent)} did not come within ${ms / 1000} s`,
        { hint: "distributed.timeout_seconds is how long ranks wait for each other" },
      ),
    );
  }
}

function describe({ verb, key }: Pick<Call, "verb" | "key">): string {
  return `${verb}(${JSON.stringify(key)})`;
}
