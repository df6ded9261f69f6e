/** A text and what may follow it. */
export interface Continuation {
  prompt: string;
  /** Encoded apart from the prompt; usually begins with a space. */
  continuation: string;
}

/** What the suites ask of a model. */
export interface LanguageModel {
  /** Tokens of a sequence, prompt and continuation together. */
  readonly seq_length: number;
  countTokens(text: string): Promise<number>;
  /** The likeliest continuation up to a line's end, the end of text or `max_tokens`. */
  writeLine(prompt: string, max_tokens: number): Promise<string>;
  /** The sum of log-probabilities, in nats, of the tokens of each continuation behind its prompt. */
  logProbabilities(continuations: readonly Continuation[]): Promise<number[]>;
}
