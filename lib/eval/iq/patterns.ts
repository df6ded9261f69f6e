import { drawCases, fewShot } from "./few-shot.ts";
import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";
import { LOWER, UPPER } from "./words.ts";

const SHOTS = 5;
const LETTERS = UPPER + LOWER;

/** The same head and tail round every input. */
export function headAndTail(random: ItemRandom): IqDraft {
  const head = random.text(LETTERS, 4);
  const tail = random.text(LETTERS, 4);
  return pattern(random, (input) => head + input + tail);
}

/** The input twice. */
export function fullRepeating(random: ItemRandom): IqDraft {
  return pattern(random, (input) => input + input);
}

/** The first letters of the input, as many as in the examples. */
export function headSlicing(random: ItemRandom): IqDraft {
  const length = random.between(2, 4);
  return pattern(random, (input) => input.slice(0, length));
}

/** No instruction: the examples alone show the rule. */
function pattern(random: ItemRandom, rule: (input: string) => string): IqDraft {
  const cases = drawCases(SHOTS + 1, () => {
    const input = random.text(LETTERS, random.between(5, 8));
    return { question: `Input: ${input}`, answer: rule(input) };
  });
  return fewShot("", cases, "Output");
}
