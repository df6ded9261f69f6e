import { MISSING } from "../zod-findings.ts";
import type { Rule } from "./rule.ts";

/** Which keys go with which type of tokenizer. */
export const tokenizerRules: Rule = ({ tokenizer, model }, report) => {
  const { type, vocab_size, path } = tokenizer;
  if (type === "bpe" && vocab_size === null)
    report(["tokenizer", "vocab_size"], MISSING, "type bpe needs it, for example 4096");
  if (type !== "bpe" && vocab_size !== null)
    report(
      ["tokenizer", "vocab_size"],
      `${vocab_size} cannot be chosen with type ${type}`,
      "leave it out; model.vocab_size adds rows to the embedding",
    );
  if (type === "file" && path === null)
    report(
      ["tokenizer", "path"],
      MISSING,
      "type file needs the path of a tokenizer.json or a .tiktoken file",
    );
  if (type !== "file" && path !== null)
    report(["tokenizer", "path"], `is not read with type ${type}`, "leave it out or use type file");
  if (type === "bpe" && vocab_size !== null && (model.vocab_size ?? vocab_size) < vocab_size)
    report(
      ["model", "vocab_size"],
      `${model.vocab_size} is below tokenizer.vocab_size ${vocab_size}`,
      `use ${vocab_size} or more`,
    );
};
