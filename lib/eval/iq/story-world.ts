import { type Case, drawCases, fewShot } from "./few-shot.ts";
import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";

/** The world of bAbI's first tasks (spec: Weston et al. 2015, arXiv 1502.05698). */
export const ACTORS = ["John", "Mary", "Sandra", "Daniel"] as const;
export const PLACES = ["bedroom", "kitchen", "garden", "hallway", "bathroom", "office"] as const;
export const OBJECTS = ["apple", "football", "milk"] as const;
export const TAKES = ["grabbed the", "took the", "got the"] as const;
export const DROPS = ["dropped the", "put down the", "let go of the"] as const;
const MOVES = ["went to the", "journeyed to the", "travelled to the", "moved to the"] as const;

export type Actor = (typeof ACTORS)[number];
export type Place = (typeof PLACES)[number];
export type StoryObject = (typeof OBJECTS)[number];

const SHOTS = 3;

/** Sends an actor to another place than it is at: the place, and the sentence that says so. */
export function move(random: ItemRandom, actor: Actor, from: Place): [Place, string] {
  const place = random.pick(PLACES.filter((other) => other !== from));
  return [place, `${actor} ${random.pick(MOVES)} ${place}.`];
}

/** Where everyone, or everything, is before the story begins; the story does not say. */
export function hiddenStart<Name extends string>(
  random: ItemRandom,
  names: readonly Name[],
): Record<Name, Place> {
  const start = names.map((name) => [name, random.pick(PLACES)] as const);
  return Object.fromEntries(start) as Record<Name, Place>;
}

/** A prompt of stories, each with a question that one of the places answers. */
export function storyTask(random: ItemRandom, story: (random: ItemRandom) => Case): IqDraft {
  const instruction = "Read each story and answer the question with one word.";
  const draft = fewShot(
    instruction,
    drawCases(SHOTS + 1, () => story(random)),
    "Answer",
  );
  return { ...draft, metric: "first_word", options: [...PLACES] };
}
