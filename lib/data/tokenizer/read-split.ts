import type { SplitName } from "../../native/types.ts";
import { invalidTokenizer, isObject, type JsonObject, show } from "./json-object.ts";
import { splitOfPattern } from "./split-patterns.ts";

/**
 * The split that a `pre_tokenizer` means: ByteLevel with its own pattern, alone or behind Digits, or a Split by a known
 * pattern in front of a ByteLevel without one.
 */
export function readSplit(preTokenizer: unknown): SplitName {
  const steps = flatten(preTokenizer);
  const last = steps.at(-1);
  if (last?.type !== "ByteLevel")
    throw invalidTokenizer(`pre_tokenizer is ${show(preTokenizer)}: it must end with ByteLevel`);
  if (last.add_prefix_space === true)
    throw invalidTokenizer("pre_tokenizer: add_prefix_space true would change the text");
  const usesRegex = last.use_regex !== false;
  const [first] = steps;
  if (steps.length === 1) return usesRegex ? "gpt2" : "none";
  if (steps.length === 2 && first!.type === "Split" && !usesRegex) return readPattern(first!);
  if (steps.length === 2 && first!.type === "Digits" && first!.individual_digits === true)
    if (usesRegex) return "starcoder";
  throw invalidTokenizer(
    `pre_tokenizer is ${show(preTokenizer)}: only one Split in front of ByteLevel with use_regex false is supported, ` +
      "or Digits with individual_digits true in front of one with use_regex true",
  );
}

function flatten(preTokenizer: unknown): JsonObject[] {
  if (!isObject(preTokenizer)) return [];
  if (preTokenizer.type !== "Sequence") return [preTokenizer];
  const steps = preTokenizer.pretokenizers;
  return Array.isArray(steps) ? steps.flatMap(flatten) : [];
}

function readPattern(step: JsonObject): SplitName {
  const keepsMatches =
    (step.behavior === "Isolated" && step.invert !== true) ||
    (step.behavior === "Removed" && step.invert === true);
  if (!keepsMatches)
    throw invalidTokenizer(
      `pre_tokenizer: Split with behavior ${show(step.behavior)} and invert ${show(step.invert)} is not supported`,
    );
  const pattern = isObject(step.pattern) ? step.pattern.Regex : undefined;
  const split = typeof pattern === "string" ? splitOfPattern(pattern) : undefined;
  if (split === undefined)
    throw invalidTokenizer(
      `pre_tokenizer: the Split pattern ${show(step.pattern)} is none of GPT-2's, GPT-4's and Qwen2's`,
    );
  return split;
}
