// What the two experiments learn from: made of nothing but a seed, and split so that nothing of a test is in training.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/support/files.mjs";

/** English text for the language signal: of installed packages, whose versions package-lock.json fixes. */
const TEXTS = [
  "commander/Readme.md",
  "fast-check/README.md",
  "cmake-js/README.md",
  "node-gyp/README.md",
  "hyparquet/README.md",
];

/** Numbers from 0 to below `count`, the same for the same seed. */
export function randomOf(seed) {
  let state = seed >>> 0;
  return (count) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

const GOOD = "lovely bright gentle honest clever splendid charming graceful superb pleasant".split(
  " ",
);
const BAD = "dreadful gloomy cruel crooked stupid horrid hideous clumsy awful nasty".split(" ");

/**
 * Propositions about one sentence each: "it is good" or "it is bad". Half of them are true, which neither the sentence
 * nor the proposition says alone. Sentences of the test are in no sample of the training, though all of their words are.
 */
export function propositions({ nouns, share, seed }) {
  const random = randomOf(seed);
  const names = wordsOf(nouns, random);
  const any = () => names[random(nouns)];
  const sentences = names.flatMap((noun) =>
    [...GOOD, ...BAD].map((adjective) => ({
      text: `${any()} of ${any()} told ${any()} that the ${noun} by ${any()} was ${adjective} in ${any()}`,
      adjective,
    })),
  );
  const sets = { train: [], test: [] };
  for (const { text, adjective } of sentences) {
    const set = random(1000) < 1000 * share ? sets.test : sets.train;
    for (const claim of ["good", "bad"]) {
      const isTrue = GOOD.includes(adjective) === (claim === "good");
      set.push({ text, proposition: `it is ${claim}`, label: isTrue ? "+" : "-" });
    }
  }
  return sets;
}

const SYLLABLES =
  "ba be bo da de di ga go ka ki la lo lu ma me mi na no pa po ra re ri sa so ta ti tu va ve".split(
    " ",
  );

/** Different words that nobody has heard of. */
function wordsOf(count, random) {
  const words = new Set();
  while (words.size < count)
    words.add(
      Array.from({ length: 2 + random(2) }, () => SYLLABLES[random(SYLLABLES.length)]).join(""),
    );
  return [...words];
}

/** The instructions, what answers them, and the form that every right or wrong answer has. */
export const FORMATS = [
  {
    name: "spell",
    ask: (word) => `Spell ${word}.`,
    answer: (word) => [...word].join("-"),
    form: /^[a-z](-[a-z])+$/,
  },
  {
    name: "shout",
    ask: (word) => `Shout ${word}!`,
    answer: (word) => `${word.toUpperCase()}!`,
    form: /^[A-Z]+!$/,
  },
  {
    name: "count",
    ask: (word) => `How long is ${word}?`,
    answer: (word) => `${word.length} letters`,
    form: /^\d+ letters$/,
  },
];

/** Conversations of every format about words, of which those of the test are in no conversation of the training. */
export function conversations({ train, test, seed }) {
  const random = randomOf(seed);
  const all = wordsOf(train + test, random);
  return {
    train: all
      .slice(0, train)
      .flatMap((word) =>
        FORMATS.map(({ ask, answer }) => ({ prompt: ask(word), completion: answer(word) })),
      ),
    test: all.slice(train),
  };
}

/** A file in pieces, so that some of it can be held out. */
function passagesOf(name) {
  const text = readFileSync(join(root, "node_modules", name), "utf8");
  const pieces = text.match(/[^]{1,1200}(?:\n|$)/g) ?? [];
  return pieces.map((piece) => ({ text: piece }));
}

/** Writes the sources of all experiments and gives their paths. */
export function writeSources(directory, { teacher, chat }) {
  mkdirSync(directory, { recursive: true });
  const write = (name, rows) => {
    const path = join(directory, name);
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    // Another process may be reading it, and a new time of modification would make a new corpus of it.
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
    return path;
  };
  const asText = ({ text, proposition, label }) => ({ text: `${text}\n${proposition}\n${label}` });
  return {
    language: write("language.jsonl", TEXTS.flatMap(passagesOf)),
    teacher: write("teacher.jsonl", teacher),
    teacher_text: write("teacher-text.jsonl", teacher.map(asText)),
    chat: write("chat.jsonl", chat),
  };
}
