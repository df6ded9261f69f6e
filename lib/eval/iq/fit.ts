import type { LanguageModel } from "../language-model.ts";
import type { IqItem } from "./item.ts";

/** What of an item a model is asked. */
export interface Question {
  item: IqItem;
  /** The item's prompt, or that without its first worked examples where it exceeds the context. */
  prompt: string;
  /** Tokens that a line may have, so that a wrong one can be told from a right one. */
  max_tokens: number;
  shots_dropped: number;
  /** False where even the question alone does not fit: it counts as failed. */
  fits: boolean;
}

/** Leaves out examples from the front until prompt and answer fit; a prompt is never cut elsewhere. */
export async function fitToContext(model: LanguageModel, item: IqItem): Promise<Question> {
  const max_tokens = Math.ceil(1.5 * (await model.countTokens(` ${item.answer}`))) + 8;
  for (let shots_dropped = 0; ; shots_dropped++) {
    const prompt = withoutShots(item, shots_dropped);
    const fits = (await model.countTokens(prompt)) + max_tokens <= model.seq_length;
    if (fits || shots_dropped === item.shots)
      return { item, prompt, max_tokens, shots_dropped, fits };
  }
}

/** Blocks are an instruction, where there is one, then the examples, then the question. */
function withoutShots({ prompt, shots }: IqItem, dropped: number): string {
  const blocks = prompt.split("\n\n");
  blocks.splice(blocks.length - 1 - shots, dropped);
  return blocks.join("\n\n");
}
