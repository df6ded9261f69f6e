import type { ModelShape } from "../../config/shape.ts";
import { FlmError } from "../../errors.ts";
import type { StreamedTensor } from "../streamed-tensor.ts";

/** A model as transformers reads it: config.json, but for what depends on tokenizer and dtype, and the weights. */
export interface HfModel {
  config: Record<string, unknown>;
  tensors: StreamedTensor[];
}

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
        { hint: "export --format plain writes the weights under our names, with a description" },
      );
  }
}
