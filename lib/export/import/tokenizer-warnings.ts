import { isObject } from "../../data/tokenizer/json-object.ts";
import type { Tokenizer } from "../../data/types.ts";
import { specialTokens } from "../tokenizer-json.ts";
import type { HfDirectory } from "./hf-directory.ts";

type Ends = Pick<HfDirectory, "config" | "generation">;

/** The tokens that generate() of transformers ends with: generation_config.json wins. */
function endsOfText({ config, generation }: Ends): number[] {
  const own = generation.ids("eos_token_id");
  return own.length > 0 ? own : config.ids("eos_token_id");
}

/** Those beside `eos_id` that the tokenizer has: `eval.stop_tokens` of the run. */
export function stopTokens(
  files: Ends,
  { eos_id, vocab_size }: Pick<Tokenizer, "eos_id" | "vocab_size">,
): number[] {
  return [...new Set(endsOfText(files))].filter((id) => id !== eos_id && id < vocab_size);
}

/**
 * Where texts begin or end otherwise in transformers than here, which changes what such a model writes and how it scores.
 *
 * @param json of a tokenizer that can be read
 * @param eos_id what ends a text here
 */
export function tokenizerWarnings(json: string, eos_id: number, files: Ends): string[] {
  const warnings: string[] = [];
  const names = specialTokens(json);
  const show = (id: number) => `${names.get(id) ?? "no special token"} (${id})`;
  const ends = endsOfText(files);
  if (ends.length > 0 && !ends.includes(eos_id))
    warnings.push(
      `transformers ends a text of this model with ${ends.map(show).join(" or ")}; here that ends what the model ` +
        `writes too, but documents that are measured or trained on end with ${show(eos_id)}`,
    );
  const { post_processor } = JSON.parse(json) as { post_processor?: unknown };
  const added = addedByTemplate(post_processor);
  if (added.length > 0)
    warnings.push(
      `tokenizer.json adds ${added.join(" and ")} to each text; here no token is added, and a model that was ` +
        "trained with them predicts worse without: scores do not compare with those of other programs",
    );
  return warnings;
}

/** Special tokens that a TemplateProcessing puts around a single text. */
function addedByTemplate(processor: unknown): string[] {
  if (!isObject(processor)) return [];
  if (processor.type === "Sequence" && Array.isArray(processor.processors))
    return processor.processors.flatMap(addedByTemplate);
  if (processor.type !== "TemplateProcessing" || !Array.isArray(processor.single)) return [];
  return processor.single.flatMap((part: unknown) => {
    const special = isObject(part) ? part.SpecialToken : undefined;
    return isObject(special) && typeof special.id === "string" ? [special.id] : [];
  });
}
