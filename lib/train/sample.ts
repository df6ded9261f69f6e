import type { Tokenizer } from "../data/types.ts";
import type { NativeEngine } from "../native/types.ts";

export interface SampleOptions {
  prompt: string;
  max_tokens: number;
  /** 0 is greedy. */
  temperature: number;
  top_p: number;
  seed: number;
}

/** The model's continuation of a prompt, without the prompt. */
export async function sampleText(
  engine: NativeEngine,
  tokenizer: Tokenizer,
  { prompt, ...options }: SampleOptions,
): Promise<string> {
  const { tokens } = await engine.generate({
    tokens: await tokenizer.encode(prompt),
    reset: true,
    ...options,
    top_k: 0,
    repetition_penalty: 1,
    stop_tokens: Int32Array.of(tokenizer.eos_id),
  });
  return tokenizer.decode(tokens);
}
