import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";
import { fewShot } from "./few-shot.ts";
import { DIGITS, LOWER, UPPER } from "./words.ts";

const SYMBOLS = `${UPPER}${LOWER}${DIGITS}%?@#&*+=`;
const SHOTS_PER_LABEL = 2;

/** Draws a question whose class is `isPositive`. */
export type QuestionBuilder = (random: ItemRandom, isPositive: boolean) => string;

/**
 * A two-way classification whose labels are random symbols, fresh for every item: only the worked examples say which
 * class a symbol stands for.
 *
 * @param instruction names the task; the sentence with the two labels follows it
 */
export function symbolicMapping(
  random: ItemRandom,
  build: QuestionBuilder,
  instruction: string,
): IqDraft {
  const labels = twoSymbols(random);
  const classes = random.shuffle(Array.from({ length: SHOTS_PER_LABEL }, () => [0, 1]).flat());
  const asked = random.below(2);
  const seen = new Set<string>();
  const cases = [...classes, asked].map((label) => {
    const question = unseen(seen, () => build(random, label === 1));
    return { question, answer: labels[label]! };
  });
  // The order in which the labels are named says nothing about their classes.
  const [first, second] = random.below(2) ? labels : labels.toReversed();
  const draft = fewShot(
    `${instruction} The answer is exactly ${first} or ${second}.`,
    cases,
    "Answer",
  );
  return { ...draft, metric: "choice", options: labels };
}

/** Two symbols that differ in their first inner character: negative class, positive class. */
function twoSymbols(random: ItemRandom): string[] {
  for (;;) {
    const labels = [0, 1].map(() => `<${random.text(SYMBOLS, 8)}>`);
    if (labels[0]![1] !== labels[1]![1]) return labels;
  }
}

function unseen(seen: Set<string>, draw: () => string): string {
  for (;;) {
    const question = draw();
    if (seen.has(question)) continue;
    seen.add(question);
    return question;
  }
}
