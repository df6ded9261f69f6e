import type { Rule } from "./rule.ts";

/** The 256 bytes and the token that ends a document. */
const LEAST = 257;

/** Which vocabularies stages may have, as far as the config alone tells. */
export const vocabularyRules: Rule = ({ tokenizer, objective, stages }, report) => {
  const whole = tokenizer.vocab_size ?? Infinity;
  let before = 0;
  for (const [i, { name, vocab_size }] of stages.entries()) {
    const at = ["stages", i, "vocab_size"];
    const size = vocab_size ?? whole;
    if (size < before)
      report(
        at,
        `${vocab_size ?? "null"} would shrink the vocabulary: the stage before ${name} has ${tokensOf(before)}`,
        Number.isFinite(before) ? `use ${before} or more, or null` : "use null",
      );
    before = Math.max(before, size);
    if (vocab_size === null) continue;
    if (tokenizer.type === "bytes")
      report(at, `${vocab_size} needs merges, and tokenizer.type bytes has none`, "use null");
    else if (objective.type === "dpo")
      report(
        at,
        `${vocab_size} does not go with objective.type dpo, whose reference has one tokenizer`,
        "use null",
      );
    else if (vocab_size < LEAST)
      report(
        at,
        `${vocab_size} is below the ${LEAST - 1} bytes and the token that ends a document`,
        `use ${LEAST} or more`,
      );
    else if (vocab_size > whole)
      report(
        at,
        `${vocab_size} is above tokenizer.vocab_size ${whole}`,
        `use null, or at most ${whole}`,
      );
  }
};

function tokensOf(size: number): string {
  return Number.isFinite(size) ? `${size} tokens` : "all of the tokenizer's";
}
