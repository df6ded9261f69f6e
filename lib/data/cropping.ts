import type { Config } from "../config/types.ts";
import type { TokenRange } from "./corpus/encode-batch.ts";
import type { TokenizedFile } from "./corpus/tokenized.ts";
import { PairsIndex } from "./stream/pairs-index.ts";
import type { Run } from "./stream/row-packer.ts";

type Stages = readonly Pick<Config["stages"][number], "name" | "seq_length">[];

/**
 * What rows are too short for, one sentence for each length of row and source that it is so of.
 *
 * @param stages that read these tokens
 */
export function croppingWarnings(
  { objective }: Pick<Config, "objective">,
  stages: Stages,
  training: readonly TokenizedFile[],
): string[] {
  const cropped = objective.type === "dpo" ? croppedPairs : croppedSamples;
  const lengths = new Set(stages.map(({ seq_length }) => seq_length));
  return [...lengths].flatMap((seq_length) => {
    const names = stages.filter((stage) => stage.seq_length === seq_length).map(({ name }) => name);
    const stage = names.length === 1 ? "stage" : "stages";
    return cropped(
      training,
      seq_length,
      `seq_length ${seq_length} of ${stage} ${names.join(", ")}`,
    );
  });
}

/** Of a sample that no row holds, the stream leaves the beginning out. */
function croppedSamples(
  training: readonly TokenizedFile[],
  seq_length: number,
  name: string,
): string[] {
  return training.flatMap(({ documents, supervised }, source) => {
    if (supervised === null) return [];
    let count = 0;
    let cropped = 0;
    for (let i = 0; i < documents.count; i++) {
      const over = documents.length(i) - 1 - seq_length;
      if (over <= 0) continue;
      count++;
      cropped += over;
    }
    if (count === 0) return [];
    const share = ((100 * cropped) / documents.tokens).toFixed(1);
    return [
      `${count} of the ${documents.count} samples of data.sources.${source} are longer than ${name}: ` +
        `their beginnings, ${share} % of the source's tokens, are left out`,
    ];
  });
}

/**
 * Of an answer that fits into no row with its prompt, the stream leaves the prompt's beginning out; of one that no row
 * holds by itself, all of the prompt and its own beginning.
 */
function croppedPairs(
  training: readonly TokenizedFile[],
  seq_length: number,
  name: string,
): string[] {
  return training.flatMap(({ documents, supervised }, source) => {
    const pairs = new PairsIndex(documents, supervised!, seq_length);
    let cut = 0;
    let answersCut = 0;
    for (let i = 0; i < pairs.count; i++) {
      const chosen = pairs.run(i, 0);
      const rejected = pairs.run(i, chosen.inputs);
      if (Math.max(chosen.inputs, rejected.inputs) > seq_length) cut++;
      if (Math.max(answerTokens(chosen), answerTokens(rejected)) > seq_length) answersCut++;
    }
    if (cut === 0) return [];
    const answers = answersCut > 0 ? `, and in ${answersCut} of them that of an answer too` : "";
    return [
      `${cut} of the ${pairs.count} pairs of data.sources.${source} are longer than ${name}: ` +
        `the beginnings of their prompts are left out${answers}`,
    ];
  });
}

function answerTokens({ supervised }: Run): number {
  const [{ begin, end }] = supervised as [TokenRange];
  return end - begin;
}
