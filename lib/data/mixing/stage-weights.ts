import type { Config } from "../../config/types.ts";
import { FlmError } from "../../errors.ts";
import { toShares } from "./shares.ts";

/**
 * The weights of the sources in each stage: as the stage has them, as the stage before had them, or as `data.sources`
 * has them. Under `data.temperature` T each is multiplied by n^(1/T), n being the source's training tokens (the
 * exponent that mT5, arXiv 2010.11934, calls alpha): T = 1 mixes by size, a large T gives equal shares.
 *
 * A source without training tokens has the weight 0, so that its share goes to the others.
 *
 * @param tokens training tokens of each source
 * @throws FlmError DATA_EMPTY for a stage whose sources are all empty
 */
export function stageWeights({ data, stages }: Config, tokens: readonly number[]): number[][] {
  const { temperature } = data;
  let written = data.sources.map(({ weight }) => weight);
  return stages.map(({ weights }, stage) => {
    written = weights ?? written;
    const effective = written.map((weight, i) =>
      tokens[i] === 0 ? 0 : weight * (temperature === null ? 1 : tokens[i]! ** (1 / temperature)),
    );
    if (effective.some((weight) => weight > 0)) return effective;
    throw new FlmError(
      "DATA_EMPTY",
      `stages.${stage} has no training text: every source of a weight above 0 is empty`,
      { hint: "give another source a weight, or lower data.validation.fraction" },
    );
  });
}

/**
 * The shares of a step. With mixing `linear` they go, within a stage, from those of the stage before (at its first
 * step) to its own (at its last).
 *
 * @param of `stageWeights`
 * @param done share of the stage's steps before this one: 0 at the first, 1 at the last
 */
export function sharesAt(
  of: readonly (readonly number[])[],
  mixing: Config["data"]["mixing"],
  { stage, done }: { stage: number; done: number },
): number[] {
  const own = toShares(of[stage]!);
  if (mixing !== "linear" || stage === 0) return own;
  const before = toShares(of[stage - 1]!);
  return own.map((share, i) => before[i]! + (share - before[i]!) * done);
}
