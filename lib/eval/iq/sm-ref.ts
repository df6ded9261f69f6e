import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";
import { symbolicMapping } from "./symbolic-mapping.ts";

type Noun = "a" | "b";

/** A sentence whose "it" stands for one noun or the other, by the adjective at its end. */
interface Schema {
  sentence: (a: string, b: string, adjective: string) => string;
  adjectives: readonly (readonly [string, Noun])[];
  a: readonly string[];
  b: readonly string[];
}

const SCHEMAS: readonly Schema[] = [
  {
    sentence: (a, b, w) => `The ${a} does not fit in the ${b} because it is too ${w}.`,
    adjectives: [
      ["large", "a"],
      ["small", "b"],
    ],
    a: ["trophy", "statue", "guitar", "ladder"],
    b: ["suitcase", "box", "drawer", "car"],
  },
  {
    sentence: (a, b, w) => `The ${a} broke the ${b} because it was very ${w}.`,
    adjectives: [
      ["heavy", "a"],
      ["fragile", "b"],
    ],
    a: ["hammer", "stone", "brick", "anvil"],
    b: ["vase", "mirror", "plate", "window"],
  },
  {
    sentence: (a, b, w) => `The ${a} could not pass the ${b} because it was too ${w}.`,
    adjectives: [
      ["wide", "a"],
      ["narrow", "b"],
    ],
    a: ["truck", "wagon", "bus", "tractor"],
    b: ["gate", "bridge", "tunnel", "alley"],
  },
  {
    sentence: (a, b, w) => `The ${a} rolled off the ${b} because it was so ${w}.`,
    adjectives: [
      ["round", "a"],
      ["steep", "b"],
    ],
    a: ["marble", "melon", "barrel", "coin"],
    b: ["roof", "slope", "ramp", "hill"],
  },
  {
    sentence: (a, b, w) => `The ${a} could not see over the ${b} because it was too ${w}.`,
    adjectives: [
      ["short", "a"],
      ["tall", "b"],
    ],
    a: ["pony", "lamb", "puppy", "goat"],
    b: ["fence", "wall", "hedge", "counter"],
  },
  {
    sentence: (a, b, w) => `The ${a} sank into the ${b} because it was too ${w}.`,
    adjectives: [
      ["dense", "a"],
      ["soft", "b"],
    ],
    a: ["anchor", "cannon", "safe", "boulder"],
    b: ["mud", "swamp", "snow", "sand"],
  },
  {
    sentence: (a, b, w) => `The ${a} slid across the ${b} because it was so ${w}.`,
    adjectives: [
      ["light", "a"],
      ["slippery", "b"],
    ],
    a: ["feather", "card", "leaf", "napkin"],
    b: ["table", "floor", "ice", "deck"],
  },
  {
    sentence: (a, b, w) => `The ${a} could not cut the ${b} because it was too ${w}.`,
    adjectives: [
      ["dull", "a"],
      ["tough", "b"],
    ],
    a: ["knife", "saw", "blade", "axe"],
    b: ["rope", "branch", "cable", "hide"],
  },
];

/** Does a pronoun stand for the candidate, as in the Winograd schemas? */
export function smRef(random: ItemRandom): IqDraft {
  return symbolicMapping(random, question, "Decide whether the pronoun stands for the candidate.");
}

function question(random: ItemRandom, isReferent: boolean): string {
  const schema = random.pick(SCHEMAS);
  const nouns = { a: random.pick(schema.a), b: random.pick(schema.b) };
  const [adjective, referent] = random.pick(schema.adjectives);
  const other = referent === "a" ? "b" : "a";
  const candidate = nouns[isReferent ? referent : other];
  return `Sentence: ${schema.sentence(nouns.a, nouns.b, adjective)}\nCandidate: ${candidate}`;
}
