import type { Tokenizer } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import type { Continuation, LanguageModel, LineRequest } from "./language-model.ts";
import { scoreContinuations, type ScoringEngine } from "./score-continuations.ts";
import { ALONE } from "./share.ts";
import { GREEDY, writeTokens } from "./write-tokens.ts";

/** A model that an engine computes. Prompts begin like documents in training: with no token in front. */
export class EngineModel implements LanguageModel {
  readonly #scoring: ScoringEngine;
  readonly #tokenizer: Tokenizer;
  readonly #stop_tokens: readonly number[];

  /** @param stop_tokens that end what it writes, beside the tokenizer's end of text */
  constructor(scoring: ScoringEngine, tokenizer: Tokenizer, stop_tokens: readonly number[] = []) {
    this.#scoring = scoring;
    this.#tokenizer = tokenizer;
    this.#stop_tokens = stop_tokens;
  }

  get seq_length(): number {
    return this.#scoring.seq_length;
  }

  async countTokens(text: string): Promise<number> {
    // Thousands of questions are counted before the first of them is asked.
    this.#scoring.signal?.throwIfAborted();
    return (await this.#tokenizer.encode(text)).length;
  }

  async writeLines(questions: readonly LineRequest[], onLine?: () => void): Promise<string[]> {
    const { team = ALONE } = this.#scoring;
    const { replicas, replica } = team;
    const own = questions.filter((_, i) => i % replicas === replica);
    const lines = await team.gather(await this.#writeOwn(own, onLine));
    for (let i = own.length; i < questions.length; i++) onLine?.();
    return questions.map((_, i) => lines[i % replicas]![Math.floor(i / replicas)]!);
  }

  async #writeOwn(questions: readonly LineRequest[], onLine?: () => void): Promise<string[]> {
    const requests = await Promise.all(
      questions.map(async ({ prompt, max_tokens }) => ({
        prompt: await this.#encodePrompt(prompt),
        max_tokens,
        seed: 0,
      })),
    );
    const lines = questions.map(() => "");
    const isOver = (_: number, tokens: readonly number[]) =>
      this.#tokenizer.decode(tokens).includes("\n");
    const { signal } = this.#scoring;
    const [tokenizer, stop_tokens] = [this.#tokenizer, this.#stop_tokens];
    const options = { sampling: GREEDY, tokenizer, stop_tokens, isOver, signal };
    for await (const { index, tokens, finish } of writeTokens(
      this.#scoring.engine,
      requests,
      options,
    )) {
      if (finish === null) continue;
      [lines[index]] = this.#tokenizer.decode(tokens).split("\n") as [string];
      onLine?.();
    }
    return lines;
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
