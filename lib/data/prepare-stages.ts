import type { Config } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import { prepareData, type PrepareOptions } from "./prepare.ts";
import { stageTokenizer } from "./tokenizer/stage-tokenizer.ts";
import type { PreparedData } from "./types.ts";

/**
 * `prepareData` for every stage, in the tokens of its vocabulary. The text is tokenized once for each vocabulary, and
 * stages with the same one share theirs.
 *
 * @returns one a stage
 * @throws FlmError as `prepareData` does; CONFIG_INVALID for a `stages[].vocab_size` that the tokenizer does not have
 */
export async function prepareStages(
  config: Config,
  options: PrepareOptions,
): Promise<PreparedData[]> {
  const whole = await prepareData(config, options);
  const made = new Map<number, PreparedData>();
  const ofStages: PreparedData[] = [];
  for (const [stage, { vocab_size }] of config.stages.entries()) {
    const tokens = whole.tokenizer.vocab_size;
    if (config.tokenizer.type === "file" && (vocab_size ?? 0) > tokens)
      throw new FlmError(
        "CONFIG_INVALID",
        `stages.${stage}.vocab_size ${vocab_size} is above the ${tokens} tokens of ${config.tokenizer.path}`,
        { hint: "use null; model.vocab_size adds rows to the embedding" },
      );
    const tokenizer = stageTokenizer(options.native, whole.tokenizer, vocab_size);
    const size = tokenizer.vocab_size;
    if (tokenizer === whole.tokenizer) made.set(size, whole);
    else if (!made.has(size)) {
      const smaller = { json: tokenizer.toJson()!, whole };
      made.set(size, await prepareData(config, options, smaller));
    }
    ofStages.push(made.get(size)!);
  }
  return ofStages;
}
