import { randomFrom } from "./random.ts";

/**
 * Sentences that share most of their letter pairs: a bigram model stays far from the entropy of the text, which
 * anything that looks further back comes near to.
 */
const SENTENCES = [
  "she sells sea shells at the shore. ",
  "the shells that she sells are sea shells. ",
  "he sees the shore there, then the sea. ",
  "these letters are the seeds of the tests. ",
  "a tree rests here, a stone lies there. ",
  "the ears hear the rain, the rain stays here. ",
];

/** JSONL of distinct documents, the same text in every run of the tests. */
export function corpus(documents = 80, seed = 1): string {
  const random = randomFrom(seed);
  const line = () => JSON.stringify({ text: Array.from({ length: 12 }, sentence).join("") });
  const sentence = () => SENTENCES[Math.floor(random() * SENTENCES.length)]!;
  return `${Array.from({ length: documents }, line).join("\n")}\n`;
}
