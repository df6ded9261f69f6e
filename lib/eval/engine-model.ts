import type { Tokenizer } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { decodeWritten } from "./decode.ts";
import type { Continuation, LanguageModel } from "./language-model.ts";
import { scoreContinuations, type ScoringEngine } from "./score-continuations.ts";

/** Tokens of one native call: a line may end with any of them, and what follows is thrown away. */
const TOKENS_PER_CALL = 8;

/** A model that an engine computes. Prompts begin like documents in training: with no token in front. */
export class EngineModel implements LanguageModel {
  readonly #scoring: ScoringEngine;
  readonly #tokenizer: Tokenizer;

  constructor(scoring: ScoringEngine, tokenizer: Tokenizer) {
    this.#scoring = scoring;
    this.#tokenizer = tokenizer;
  }

  get seq_length(): number {
    return this.#scoring.seq_length;
  }

  async countTokens(text: string): Promise<number> {
    return (await this.#tokenizer.encode(text)).length;
  }

  async writeLine(prompt: string, max_tokens: number): Promise<string> {
    const written: number[] = [];
    let text = "";
    let next = await this.#encodePrompt(prompt);
    let reset = true;
    while (written.length < max_tokens) {
      const { tokens, stopped, full } = await this.#scoring.engine.generate({
        tokens: next,
        reset,
        max_tokens: Math.min(TOKENS_PER_CALL, max_tokens - written.length),
        temperature: 0,
        top_k: 0,
        top_p: 1,
        repetition_penalty: 1,
        seed: 0,
        stop_tokens: Int32Array.of(this.#tokenizer.eos_id),
      });
      next = new Int32Array();
      reset = false;
      written.push(...tokens);
      text = decodeWritten(this.#tokenizer, written);
      if (stopped || full || text.includes("\n")) break;
    }
    const [line] = text.split("\n");
    return line!;
  }

  async logProbabilities(continuations: readonly Continuation[]): Promise<number[]> {
    const sequences = await Promise.all(
      continuations.map(async ({ prompt, continuation }) => ({
        prompt: await this.#encodePrompt(prompt),
        continuation: await this.#tokenizer.encode(continuation),
      })),
    );
    for (const { prompt, continuation } of sequences)
      if (continuation.length === 0 || prompt.length + continuation.length > this.seq_length + 1)
        throw new FlmError(
          "INVALID_ARGUMENT",
          `a prompt of ${prompt.length} tokens with a continuation of ${continuation.length} cannot be scored in a ` +
            `context of ${this.seq_length}`,
          { hint: "shorten the prompt; a continuation has at least one token" },
        );
    return scoreContinuations(this.#scoring, sequences);
  }

  async #encodePrompt(prompt: string): Promise<Int32Array> {
    const tokens = await this.#tokenizer.encode(prompt);
    return tokens.length > 0 ? tokens : Int32Array.of(this.#tokenizer.eos_id);
  }
}
