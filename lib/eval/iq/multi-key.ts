import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";
import { DIGITS, LOWER, UPPER } from "./words.ts";

const NOISE = [
  "The hills are quiet.",
  "A cart moves down the road.",
  "Clouds drift over the field.",
  "Someone waters the plants.",
  "The clock keeps ticking.",
  "Leaves fall one after another.",
  "A dog sleeps near the door.",
  "The tea is still warm.",
];

/** One to three keys hidden among sentences that say nothing; one of them is asked for. */
export function multiKeyRetrieval(random: ItemRandom): IqDraft {
  const count = random.between(1, 3);
  const keys: string[] = [];
  while (keys.length < count) {
    const key = random.text(UPPER + LOWER + DIGITS, 7);
    if (!keys.includes(key)) keys.push(key);
  }
  const noise = random.between(12, 36);
  const lines = Array.from({ length: noise }, () => random.pick(NOISE));
  const numbers = random.shuffle(Array.from(keys, (_, i) => i + 1));
  const gaps = random.sample(
    Array.from({ length: noise + 1 }, (_, i) => i),
    count,
  );
  // From the back, so that the places in front stay where they are.
  for (const [number, gap] of numbers
    .map((n, i) => [n, gaps[i]!] as const)
    .sort((a, b) => b[1] - a[1]))
    lines.splice(gap, 0, informationLine(number, keys[number - 1]!));
  const asked = random.between(1, count);
  return {
    prompt:
      "Some pass keys are hidden in the text below. Find them and remember them; a question follows.\n" +
      `${lines.join(" ")}\nQuestion: What is the pass key ${asked}?\nAnswer: The pass key ${asked} is`,
    answer: keys[asked - 1]!,
    metric: "first_word",
    shots: 0,
    tags: { keys: count, noise },
  };
}

function informationLine(number: number, key: string): string {
  return `The pass key ${number} is ${key}. Remember it: ${key} is the pass key ${number}.`;
}
