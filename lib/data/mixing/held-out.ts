import { sourceNames } from "../../config/source-names.ts";
import type { Config } from "../../config/types.ts";
import { FlmError } from "../../errors.ts";

/**
 * Dynamic batch loading weighs every source by its validation loss.
 *
 * @param weights of the sources; one without training text has 0 and is not asked for more
 * @param documents of each source that are held out
 * @throws FlmError DATA_EMPTY
 */
export function checkHeldOut(
  { data }: Config,
  weights: readonly number[],
  documents: readonly number[],
): void {
  for (const [i, name] of sourceNames(data.sources).entries())
    if (weights[i]! > 0 && documents[i] === 0)
      throw new FlmError(
        "DATA_EMPTY",
        `data.sources.${i} (${name}) has no validation text, which data.mixing dynamic needs`,
        {
          hint: "raise data.validation.fraction, give the source more documents, or use another mixing",
        },
      );
}
