import type { Case } from "./few-shot.ts";
import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";
import { type Actor, ACTORS, hiddenStart, move, type Place, storyTask } from "./story-world.ts";

/** Where is someone? The last sentence about that person says it. */
export function oneFact(random: ItemRandom): IqDraft {
  return storyTask(random, story);
}

function story(random: ItemRandom): Case {
  const at = hiddenStart(random, ACTORS);
  const told = new Map<Actor, Place>();
  const sentences: string[] = [];
  const moves = 2 * random.between(1, 5);
  for (let i = 0; i < moves; i++) {
    const actor = random.pick(ACTORS);
    const [place, sentence] = move(random, actor, at[actor]);
    at[actor] = place;
    told.set(actor, place);
    sentences.push(sentence);
  }
  const asked = random.pick(ACTORS.filter((actor) => told.has(actor)));
  return {
    question: `${sentences.join(" ")}\nQuestion: Where is ${asked}?`,
    answer: told.get(asked)!,
  };
}
