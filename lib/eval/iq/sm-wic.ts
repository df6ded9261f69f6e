import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";
import { symbolicMapping } from "./symbolic-mapping.ts";

/** Words with two senses, and sentences for each. */
const SENSES: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  bank: [
    [
      "She keeps her savings in the bank.",
      "The bank approved his loan.",
      "He works at a bank in the city.",
    ],
    [
      "They sat on the bank of the river.",
      "The boat drifted to the muddy bank.",
      "Flowers grew along the bank of the stream.",
    ],
  ],
  bark: [
    [
      "The bark of the tree was rough.",
      "Beetles live under the bark.",
      "He peeled the bark off the log.",
    ],
    [
      "The bark of the dog scared the cat.",
      "We heard a loud bark at night.",
      "One bark and the thief ran away.",
    ],
  ],
  bat: [
    [
      "The bat slept upside down in the cave.",
      "A bat flew out at dusk.",
      "The bat hunts insects at night.",
    ],
    [
      "He swung the bat and hit the ball.",
      "Her wooden bat cracked in the game.",
      "The player dropped his bat.",
    ],
  ],
  crane: [
    [
      "The crane lifted the steel beam.",
      "A crane stood beside the unfinished tower.",
      "The crane lowered the pipe.",
    ],
    [
      "The crane caught a fish in the pond.",
      "A white crane flew over the marsh.",
      "The crane built its nest in the reeds.",
    ],
  ],
  letter: [
    [
      "He mailed a letter to his aunt.",
      "The letter arrived on Monday.",
      "She signed the letter and sealed it.",
    ],
    [
      "The word begins with the letter B.",
      "Each letter was painted in gold.",
      "The child wrote one letter of the alphabet.",
    ],
  ],
  match: [
    [
      "He lit the candle with a match.",
      "The last match in the box was wet.",
      "She struck a match in the dark.",
    ],
    ["Our team won the match.", "The match ended in a draw.", "They watched a tennis match."],
  ],
  nail: [
    [
      "He hit the nail with a hammer.",
      "The picture hangs on a nail.",
      "A rusty nail stuck out of the board.",
    ],
    [
      "She painted one nail red.",
      "He broke a nail on his left hand.",
      "The nail on her thumb is long.",
    ],
  ],
  plant: [
    [
      "The plant needs water and light.",
      "A green plant stood by the window.",
      "This plant has yellow flowers.",
    ],
    [
      "The plant makes car engines.",
      "Two hundred people work at the plant.",
      "The steel plant closed last year.",
    ],
  ],
  ring: [
    [
      "She wore a gold ring on her finger.",
      "He lost his wedding ring.",
      "The ring has a blue stone.",
    ],
    [
      "The first ring of the phone woke her.",
      "The ring of the bell woke him.",
      "One ring and he picked up the phone.",
    ],
  ],
  spring: [
    ["The garden blooms in spring.", "They were married last spring.", "Rain is common in spring."],
    [
      "The spring inside the clock broke.",
      "A metal spring holds the door shut.",
      "He oiled the rusty spring.",
    ],
  ],
  trunk: [
    [
      "The trunk of the oak is thick.",
      "They carved a heart in the trunk of the tree.",
      "Moss covered the trunk of the pine.",
    ],
    [
      "He put the bags in the trunk of the car.",
      "The trunk was full of old clothes.",
      "She locked the trunk with a key.",
    ],
  ],
  wave: [
    [
      "A wave knocked him off the boat.",
      "The wave broke on the beach.",
      "Each wave left foam on the sand.",
    ],
    [
      "She gave him a friendly wave.",
      "With a wave he left the room.",
      "A small wave of the hand was enough.",
    ],
  ],
};

const WORDS = Object.keys(SENSES);

/** Does a word mean the same in two sentences, as in WiC? */
export function smWic(random: ItemRandom): IqDraft {
  const instruction = "Decide whether the word has one meaning in both sentences.";
  return symbolicMapping(random, question, instruction);
}

function question(random: ItemRandom, isSameSense: boolean): string {
  const word = random.pick(WORDS);
  const senses = SENSES[word]!;
  const [first, second] = isSameSense
    ? random.sample(senses[random.below(2) as 0 | 1], 2)
    : ofBothSenses(random, senses);
  return `Sentence 1: ${first}\nSentence 2: ${second}\nWord: ${word}`;
}

function ofBothSenses(
  random: ItemRandom,
  [one, other]: readonly [readonly string[], readonly string[]],
): string[] {
  const pair = [random.pick(one), random.pick(other)];
  return random.below(2) ? pair.reverse() : pair;
}
