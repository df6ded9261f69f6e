import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";
import { symbolicMapping } from "./symbolic-mapping.ts";
import { COLORS, NAMES, THINGS } from "./words.ts";

/** A yes-or-no question about a passage, as in BoolQ. Both classes share as many words with the passage. */
export function smBool(random: ItemRandom): IqDraft {
  return symbolicMapping(random, question, "Read the passage and answer the question.");
}

function question(random: ItemRandom, isTrue: boolean): string {
  const names = random.sample(NAMES, 4);
  const things = random.sample(THINGS, 4);
  const colors = random.sample(COLORS, 4);
  const passage = names.map((name, i) => `${name} has a ${colors[i]} ${things[i]}.`).join(" ");
  const asked = random.below(4);
  const owner = isTrue ? asked : (asked + 1 + random.below(3)) % 4;
  return `Passage: ${passage}\nQuestion: Does ${names[asked]} have a ${colors[owner]} ${things[owner]}?`;
}
