import { count } from "../format.ts";
import { stageSteps } from "./steps.ts";
import type { Config } from "./types.ts";

/** Share by which whole steps may exceed the tokens that were asked for before it is worth a word. */
const MUCH = 0.1;

/** One sentence for each stage that trains on clearly more tokens than it names, since its steps are whole. */
export function roundingWarnings(config: Config): string[] {
  return config.stages.flatMap(({ tokens, global_batch_size, seq_length }, i) => {
    const trained = stageSteps(config, i) * global_batch_size * seq_length;
    if (trained <= tokens * (1 + MUCH)) return [];
    return [
      `stages.${i}.tokens are ${count(tokens)}, and its whole steps of ${global_batch_size} × ${seq_length} make ` +
        `${count(trained)} of them; a smaller global_batch_size or seq_length would come closer`,
    ];
  });
}
