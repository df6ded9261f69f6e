import { createHash } from "node:crypto";

const BYTES = 6;

/**
 * The seed of what growth into a stage draws. One of its own for each stage: a weight's number follows from the seed,
 * the tensor's name and the place in it, so that with the run's seed new columns would repeat old rows.
 *
 * @param stage index of the stage that is grown into
 * @returns an integer below 2^48
 */
export function growthSeed(seed: number, stage: number): number {
  return createHash("sha256").update(`${seed} ${stage}`).digest().readUIntBE(0, BYTES);
}
