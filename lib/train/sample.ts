import type { Config } from "../config/types.ts";
import type { Tokenizer } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import type { NativeEngine } from "../native/types.ts";

export interface SampleOptions {
  prompt: string;
  max_tokens: number;
  /** 0 is greedy. */
  temperature: number;
  top_p: number;
  seed: number;
  /** Further tokens that end it. */
  stop_tokens: readonly number[];
}

/** The model's continuation of a prompt, without the prompt. */
export async function sampleText(
  engine: NativeEngine,
  tokenizer: Tokenizer,
  { prompt, ...options }: SampleOptions,
): Promise<string> {
  const { max_tokens, temperature, top_p, seed, stop_tokens } = options;
  const [written] = await engine.generate({
    lanes: 1,
    rows: [{ lane: 0, prompt: await tokenizer.encode(prompt), seed }],
    max_tokens,
    temperature,
    top_k: 0,
    top_p,
    repetition_penalty: 1,
    stop_tokens: Int32Array.of(tokenizer.eos_id, ...stop_tokens),
    vocab_size: tokenizer.vocab_size,
  });
  return tokenizer.decode(written!.tokens);
}

/**
 * @param ofStages the run's data, one a stage
 * @throws FlmError CONFIG_INVALID where the prompt would not fit, which is better known before the training
 */
export async function checkSamplePrompt(
  { eval: { sample_prompt }, stages }: Config,
  ofStages: readonly { tokenizer: Tokenizer }[],
): Promise<void> {
  if (sample_prompt === null) return;
  for (const [stage, { name, seq_length }] of stages.entries()) {
    const { length } = await ofStages[stage]!.tokenizer.encode(sample_prompt);
    if (length > seq_length)
      throw new FlmError(
        "CONFIG_INVALID",
        `eval.sample_prompt has ${length} tokens, the seq_length of stage ${name} is ${seq_length}`,
        { hint: "shorten the prompt, or leave it out and use flm-train generate" },
      );
  }
}
