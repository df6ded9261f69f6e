import type { TokenizedFile } from "./corpus/tokenized.ts";
import { PairsIndex } from "./stream/pairs-index.ts";

/** Of a sample that no row holds, the stream leaves the beginning out. */
export function croppedSamples(training: readonly TokenizedFile[], seq_length: number): string[] {
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
      `${count} of the ${documents.count} samples of data.sources.${source} are longer than the longest ` +
        `seq_length ${seq_length}: their beginnings, ${share} % of the source's tokens, are left out`,
    ];
  });
}

/** Of an answer that fits into no row with its prompt, the stream leaves the prompt's beginning out. */
export function croppedPairs(training: readonly TokenizedFile[], seq_length: number): string[] {
  return training.flatMap(({ documents, supervised }, source) => {
    const pairs = new PairsIndex(documents, supervised!, seq_length);
    let cut = 0;
    for (let i = 0; i < pairs.count; i++) {
      const first = pairs.run(i, 0).inputs;
      if (Math.max(first, pairs.inputs(i) - first) > seq_length) cut++;
    }
    if (cut === 0) return [];
    return [
      `${cut} of the ${pairs.count} pairs of data.sources.${source} are longer than seq_length ` +
        `${seq_length}: the beginnings of their prompts are left out`,
    ];
  });
}
