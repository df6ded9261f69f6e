import { FlmError } from "../../errors.ts";
import type { Channel } from "./channel.ts";
import type { Identity } from "./handshake.ts";
import type { Join } from "./messages.ts";

/** A rank that is in, or wants in. */
export interface Candidate {
  identity: Identity;
  join: Join;
}

export interface Member extends Candidate {
  channel: Channel;
}

/** Who has joined, by rank. */
export class Roster {
  readonly #members = new Map<number, Member>();
  readonly #worldSize: number;

  constructor(world_size: number) {
    this.#worldSize = world_size;
  }

  /** In rank order. */
  get members(): Member[] {
    return [...this.#members.values()].toSorted((a, b) => a.identity.rank - b.identity.rank);
  }

  get size(): number {
    return this.#members.size;
  }

  get isComplete(): boolean {
    return this.#members.size === this.#worldSize;
  }

  get(rank: number): Member | undefined {
    return this.#members.get(rank);
  }

  add(member: Member): void {
    this.#members.set(member.identity.rank, member);
  }

  remove(rank: number): void {
    this.#members.delete(rank);
  }

  get missing(): number[] {
    return Array.from({ length: this.#worldSize }, (_, rank) => rank).filter(
      (rank) => !this.#members.has(rank),
    );
  }
}

/** `rank 3 (host b)` */
export function nameOf({ identity, join }: Candidate): string {
  return `rank ${identity.rank} (${join.host})`;
}

/** `2, 5-7` */
export function rankList(ranks: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const rank of ranks) {
    const last = runs.at(-1);
    if (last && last[1] === rank - 1) last[1] = rank;
    else runs.push([rank, rank]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}

/** What must be equal: the launcher started one command with one config, or nothing below makes sense. */
const EQUAL = [
  { what: "flm-train", of: ({ identity }: Candidate) => identity.version },
  { what: "the config with hash", of: ({ join }: Candidate) => join.config_hash },
  { what: "a world size of", of: ({ join }: Candidate) => join.world_size },
] as const;

/**
 * What speaks against a world of `candidate` and rank 0.
 *
 * @returns an ENVIRONMENT error that names both values; null where nothing does
 */
export function mismatch(candidate: Candidate, reference: Candidate): FlmError | null {
  const different = EQUAL.find(({ of }) => of(candidate) !== of(reference));
  if (!different) return null;
  const { what, of } = different;
  return new FlmError(
    "ENVIRONMENT",
    `${nameOf(candidate)} has ${what} ${of(candidate)}, ${nameOf(reference)} has ${what} ${of(reference)}`,
    { hint: "start every rank with the same package, the same config file and the same --set" },
  );
}
