import type { SweepPoint, SweepResult } from "../../scaling/sweep.ts";

export interface SweepRun {
  /** Points in work at once. */
  jobs: number;
  /** Null when it was interrupted. `slot` is below `jobs`, and no two points in work have the same. */
  run: (point: SweepPoint, slot: number) => Promise<SweepResult | null>;
  onResult?: (result: SweepResult) => void;
}

/**
 * Works through the points, several at once, in order. The first failure or interruption lets no further point begin, and
 * waits for those in work.
 *
 * @returns results in the order of the points; fewer when it was interrupted
 */
export async function runSweep(
  points: readonly SweepPoint[],
  { jobs, run, onResult }: SweepRun,
): Promise<SweepResult[]> {
  const results = new Map<SweepPoint, SweepResult>();
  const waiting = [...points];
  const failures: unknown[] = [];
  const work = async (slot: number) => {
    for (let point = waiting.shift(); point !== undefined; point = waiting.shift()) {
      const result = await run(point, slot);
      if (result === null) waiting.length = 0;
      else {
        results.set(point, result);
        onResult?.(result);
      }
    }
  };
  const slots = Array.from({ length: jobs }, (_, slot) =>
    work(slot).catch((error: unknown) => {
      waiting.length = 0;
      failures.push(error);
    }),
  );
  await Promise.all(slots);
  if (failures.length > 0) throw failures[0];
  return points.flatMap((point) => results.get(point) ?? []);
}
