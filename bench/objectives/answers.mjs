// What a model answers to instructions about words, as conversations lay them out (docs/data.md).
import { openGeneration } from "../../dist/eval/generation.js";

const LONGEST_ANSWER = 24;

/**
 * Greedy answers, for each format about each word: the share that has the format's form, the share that is right, and the
 * first of them.
 */
export async function shareInForm(run, formats, words) {
  const model = await openGeneration(run);
  try {
    const shares = {};
    for (const { name, system, ask, answer, form } of formats) {
      const before = system ? `System:\n${system}\n` : "";
      const prompts = words.map((word) => `${before}User:\n${ask(word)}\nAssistant:\n`);
      const texts = await model.texts(prompts, { max_tokens: LONGEST_ANSWER, temperature: 0 });
      shares[name] = {
        in_form: texts.filter((text) => form.test(text)).length / words.length,
        right: texts.filter((text, i) => text === answer(words[i])).length / words.length,
        first: { word: words[0], answer: texts[0] },
      };
    }
    return shares;
  } finally {
    await model.close();
  }
}
