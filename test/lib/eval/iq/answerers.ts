import type { Continuation, LanguageModel } from "../../../../lib/eval/language-model.ts";

/** A model that answers each prompt as `answer` says and finds exactly that continuation likely. */
export function answerer(answer: (prompt: string) => string, seq_length = 100_000): LanguageModel {
  return {
    seq_length,
    countTokens: async (text) => text.length,
    writeLines: async (questions) =>
      questions.map(({ prompt, max_tokens }) => ` ${answer(prompt)}`.slice(0, max_tokens)),
    logProbabilities: async (continuations) => continuations.map(score),
  };

  function score({ prompt, continuation }: Continuation): number {
    return continuation === ` ${answer(prompt)}` ? -1 : -100;
  }
}
