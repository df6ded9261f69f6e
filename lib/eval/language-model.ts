/** A text and what may follow it. */
export interface Continuation {
  prompt: string;
  /** Encoded apart from the prompt; usually begins with a space. */
  continuation: string;
}

/** A prompt whose line is to be written. */
export interface LineRequest {
  prompt: string;
  max_tokens: number;
}

/** What the suites ask of a model. */
export interface LanguageModel {
  /** Tokens of a sequence, prompt and continuation together. */
  readonly seq_length: number;
  countTokens(text: string): Promise<number>;
  /**
   * The likeliest continuation of each prompt up to a line's end, the end of text or `max_tokens`. `onLine` is called
   * after each, in any order; what it throws ends the writing.
   */
  writeLines(questions: readonly LineRequest[], onLine?: () => void): Promise<string[]>;
  /** The sum of log-probabilities, in nats, of the tokens of each continuation behind its prompt. */
  logProbabilities(continuations: readonly Continuation[]): Promise<number[]>;
}
