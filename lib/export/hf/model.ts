import type { ModelShape } from "../../config/shape.ts";
import { FlmError } from "../../errors.ts";
import type { StreamedTensor } from "../streamed-tensor.ts";

/** A model as transformers reads it: config.json, but for what depends on tokenizer and dtype, and the weights. */
export interface HfModel {
  config: Record<string, unknown>;
  tensors: StreamedTensor[];
}

const INSTEAD = "export --format plain writes the weights under our names, with a description";

/** @throws FlmError NOT_SUPPORTED naming the first choice that the other program does not have. */
export function requireChoices(
  program: string,
  shape: ModelShape,
  choices: Partial<ModelShape>,
): void {
  for (const [key, needed] of Object.entries(choices)) {
    const value = shape[key as keyof ModelShape];
    if (value !== needed)
      throw new FlmError(
        "NOT_SUPPORTED",
        `${program} cannot express model.${key} ${value}: it has ${needed}`,
        { hint: INSTEAD },
      );
  }
}

/** @throws FlmError NOT_SUPPORTED naming the heads that the other program does not have: `rule` is what it asks of them */
export function requireHeads(
  program: string,
  { num_attention_heads, head_size, hidden_size }: ModelShape,
  isAllowed: boolean,
  rule: string,
): void {
  if (isAllowed) return;
  throw new FlmError(
    "NOT_SUPPORTED",
    `${program} cannot express ${num_attention_heads} heads of ${head_size} in hidden_size ${hidden_size}: ${rule}`,
    { hint: INSTEAD },
  );
}
