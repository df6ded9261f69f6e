import { type Case, drawCases, fewShot } from "./few-shot.ts";
import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";
import { UPPER, VOCABULARY } from "./words.ts";

const SHOTS = 4;

export function replaceWord(random: ItemRandom): IqDraft {
  const instruction = "In the following text, replace the specified word with the target word.";
  const cases = drawCases(SHOTS + 1, () => wordCase(random));
  return fewShot(instruction, cases, "Result");
}

export function replaceLowercase(random: ItemRandom): IqDraft {
  const instruction = "Change every uppercase letter of the following text to lowercase.";
  const cases = drawCases(SHOTS + 1, () => lowercaseCase(random));
  return fewShot(instruction, cases, "Result");
}

function wordCase(random: ItemRandom): Case {
  const source = random.text(UPPER, 4);
  const target = random.text(UPPER, 4);
  const words = drawWords(random, random.between(6, 10));
  const gaps = Array.from({ length: words.length + 1 }, (_, i) => i);
  // From the back, so that the places in front stay where they are.
  for (const gap of random.sample(gaps, random.between(1, 2)).sort((a, b) => b - a))
    words.splice(gap, 0, source);
  const text = words.join(" ");
  return {
    question: `Word to replace: ${source}\nTarget word: ${target}\nText: ${text}`,
    answer: text.replaceAll(source, target),
  };
}

function lowercaseCase(random: ItemRandom): Case {
  const words = drawWords(random, random.between(5, 9)).map((word) => {
    const form = random.below(3);
    if (form === 0) return word.toUpperCase();
    return form === 1 ? word[0]!.toUpperCase() + word.slice(1) : word;
  });
  const text = words.join(" ");
  return { question: `Text: ${text}`, answer: text.toLowerCase() };
}

function drawWords(random: ItemRandom, count: number): string[] {
  return Array.from({ length: count }, () => random.pick(VOCABULARY));
}
