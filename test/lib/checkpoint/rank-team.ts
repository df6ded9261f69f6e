import type { Team } from "../../../lib/checkpoint/hash-files.ts";

/** `count` ranks in this process: a gather ends once all of them have called it with its key. */
export function rankTeam(count: number): Team[] {
  const open = new Map<string, { values: unknown[]; left: number; done: (() => void)[] }>();
  return Array.from({ length: count }, (_, rank) => ({
    rank,
    async gather<T>(key: string, value: T): Promise<T[]> {
      const round = open.get(key) ?? { values: [], left: count, done: [] };
      open.set(key, round);
      round.values[rank] = value;
      if (--round.left === 0) {
        open.delete(key);
        for (const done of round.done) done();
      } else await new Promise<void>((done) => round.done.push(done));
      return round.values as T[];
    },
  }));
}
