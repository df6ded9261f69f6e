import type { Config } from "../config/types.ts";
import { PIECE_FIELDS } from "../native/types.ts";
import type { PreparedData } from "./types.ts";

/** Batches of a stage that are looked at: enough for a tenth of a percent. */
const BATCHES = 16;

/** Share of a batch's positions, from 0 to 1, that hold no input. */
export function paddingShare(pieces: Float64Array, rows: number, seq_length: number): number {
  let inputs = 0;
  for (let i = 0; i < pieces.length; i += PIECE_FIELDS) inputs += pieces[i + 3]!;
  return 1 - inputs / (rows * seq_length);
}

/** One sentence for each stage of a run without packing: what rows of a single document cost. */
export function paddingWarnings(
  { data: { packing }, stages }: Config,
  ofStages: readonly Pick<PreparedData, "stream">[],
): string[] {
  if (packing) return [];
  return stages.map(({ name, global_batch_size, seq_length }, stage) => {
    const rows = BATCHES * global_batch_size;
    const share = paddingShare(ofStages[stage]!.stream().next(rows, seq_length), rows, seq_length);
    return (
      `data.packing is false: ${(100 * share).toFixed(1)} % of the first ${BATCHES} batches of ${seq_length} in stage ` +
      `${name} is padding, which is computed and not learned from; nothing is cropped`
    );
  });
}
