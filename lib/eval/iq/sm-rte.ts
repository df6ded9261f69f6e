import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";
import { symbolicMapping } from "./symbolic-mapping.ts";
import { NAMES, THINGS } from "./words.ts";

const PLACES = "kitchen garden office hallway market school".split(" ");

/** Entailment, as in RTE: the hypothesis keeps who gave to whom, or swaps it, in the same words. */
export function smRte(random: ItemRandom): IqDraft {
  return symbolicMapping(random, question, "Decide whether the premise implies the hypothesis.");
}

function question(random: ItemRandom, isEntailed: boolean): string {
  const [giver, taker] = random.sample(NAMES, 2) as [string, string];
  const thing = random.pick(THINGS);
  const place = random.pick(PLACES);
  const [from, to] = isEntailed ? [giver, taker] : [taker, giver];
  const hypothesis = random.pick([
    `${to} received the ${thing} from ${from}.`,
    `The ${thing} was given to ${to} by ${from}.`,
    `${from} gave something to ${to}.`,
  ]);
  return `Premise: ${giver} gave the ${thing} to ${taker} in the ${place}.\nHypothesis: ${hypothesis}`;
}
