import type { IqItem } from "./item.ts";
import { PLACES, TAKES } from "./story-world.ts";

/** A score that needs no understanding, in percent. */
export interface Floor {
  rule: string;
  score: number;
}

interface Rule {
  name: string;
  answer: (item: IqItem) => string | undefined;
}

const KEY_RULES: readonly Rule[] = [
  { name: "first key in the text", answer: (item) => keysOf(item)[0] },
  { name: "last key in the text", answer: (item) => keysOf(item).at(-1) },
];

const PLACE_RULES: readonly Rule[] = [
  { name: "last place named", answer: (item) => placesOf(storyOf(item)).at(-1) },
  { name: "most frequent place", answer: (item) => mostFrequent(placesOf(storyOf(item))) },
];

const RULES: Readonly<Record<string, readonly Rule[]>> = {
  ai_multi_key: KEY_RULES,
  ai_one_fact: PLACE_RULES,
  ai_two_facts: [...PLACE_RULES, { name: "last place of the last holder", answer: placeOfHolder }],
};

/** What trivial rules score on these very items: a model has to be compared with the best of them. */
export function floorsOf(task: string, items: readonly IqItem[]): Floor[] {
  const rules = RULES[task];
  if (rules)
    return rules.map(({ name, answer }) => {
      const right = items.filter((item) => answer(item) === item.answer).length;
      return { rule: name, score: (100 * right) / items.length };
    });
  const options = items[0]?.options?.length;
  if (options !== undefined) return [{ rule: "guessing", score: 100 / options }];
  return [{ rule: "any constant", score: 0 }];
}

function keysOf({ prompt }: IqItem): string[] {
  return [...prompt.matchAll(/The pass key \d is (\w+)\. Remember/g)].map((match) => match[1]!);
}

/** The sentences of the story that is asked about. */
function storyOf({ prompt }: IqItem): string[] {
  const [story] = lastBlock(prompt).split("\nQuestion");
  return story!.split(/(?<=\.) /).map((sentence) => sentence.replace(/\.$/, ""));
}

function lastBlock(prompt: string): string {
  return prompt.slice(prompt.lastIndexOf("\n\n") + 2);
}

function placesOf(story: readonly string[]): string[] {
  return story.map(lastWord).filter((word) => (PLACES as readonly string[]).includes(word));
}

function lastWord(sentence: string): string {
  return sentence.slice(sentence.lastIndexOf(" ") + 1);
}

/** Of equally frequent ones the first. */
function mostFrequent(words: readonly string[]): string | undefined {
  const count = (word: string) => words.filter((other) => other === word).length;
  const most = Math.max(...words.map(count));
  return words.find((word) => count(word) === most);
}

/** Where whoever took the object last went last, dropped or not. */
function placeOfHolder(item: IqItem): string | undefined {
  const object = /Where is the (\w+)\?$/m.exec(lastBlock(item.prompt))?.[1];
  const story = storyOf(item);
  const taking = story.findLast((sentence) =>
    TAKES.some((take) => sentence.endsWith(` ${take} ${object}`)),
  );
  const [holder] = taking?.split(" ") ?? [];
  return placesOf(story.filter((sentence) => sentence.startsWith(`${holder} `))).at(-1);
}
