import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";

/** Count from one number to another; no example says how. */
export function counting(random: ItemRandom): IqDraft {
  const digits = random.between(2, 5);
  const span = random.between(10, 26);
  const first = random.between(10 ** (digits - 1), 10 ** digits - span);
  const numbers = Array.from({ length: span }, (_, i) => first + i);
  return {
    prompt: `Count from ${first} to ${numbers.at(-1)} one by one, separated by commas.\nAnswer:`,
    answer: numbers.join(", "),
    metric: "exact",
    shots: 0,
    tags: { digits, span },
  };
}
