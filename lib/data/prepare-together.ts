import { FlmError } from "../errors.ts";
import type { PreparedData } from "./types.ts";

/** Ranks that need the same data. */
export interface PreparingRanks {
  readonly rank: number;
  /** Rank 0's value; all call it. */
  broadcast<T>(key: string, value: T): Promise<T>;
}

/**
 * The same data on all ranks: rank 0 looks at the sources and tokenizes them, and the others open what it has made. A
 * source may be a hundred thousand files, and thousands of ranks that look at each of them would hold up a whole disk.
 *
 * @param prepare `prepareStages`, with the key of sources that need not be looked at; null where it was cancelled
 * @returns null where it was cancelled
 * @throws FlmError DATA_INVALID where a rank reads other data than rank 0
 */
export async function prepareTogether(
  { rank, broadcast }: PreparingRanks,
  prepare: (sources_key?: string) => Promise<PreparedData[] | null>,
): Promise<PreparedData[] | null> {
  const own = rank === 0 ? await prepare() : null;
  const made = await broadcast("data", own && madeBy(own));
  if (own !== null || made === null) return own;
  const data = await prepare(made.sources_key);
  if (data === null) return null;
  const { fingerprint } = madeBy(data);
  if (fingerprint === made.fingerprint) return data;
  throw new FlmError(
    "DATA_INVALID",
    `rank ${rank} reads other data than rank 0: fingerprint ${fingerprint}, there ${made.fingerprint}`,
    { hint: "put the sources and data.cache_dir on a disk that all ranks share" },
  );
}

function madeBy(data: readonly PreparedData[]): { sources_key: string; fingerprint: string } {
  const fingerprints = new Set(data.map(({ fingerprint }) => fingerprint));
  return { sources_key: data[0]!.sources_key, fingerprint: [...fingerprints].join(" ") };
}
