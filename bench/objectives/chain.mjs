// The examples one after another: examples/instruct.yaml tunes the quickstart's model, examples/dpo.yaml tunes that. Do
// the answers keep their form about words that are in neither example's data, and are chosen answers preferred?
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/support/files.mjs";
import { readRows } from "../support/numbers.mjs";
import { shareInForm } from "./answers.mjs";
import { trainExample } from "./cli.mjs";

const FORMATS = [
  {
    name: "spell",
    ask: (word) => `Spell ${word}.`,
    answer: (word) => [...word].join("-"),
    form: /^[a-z](-[a-z])+$/,
  },
  {
    name: "begin",
    system: "Answer in one word.",
    ask: (word) => `How does ${word} begin?`,
    answer: (word) => word[0],
    form: /^[a-z]$/,
  },
];

const WORDS =
  "acorn almond arrow autumn bacon bamboo banana barrel beetle bottle bucket bundle cactus camel canyon carpet carrot " +
  "castle cement cherry cinema clover cotton cradle crayon cricket curtain daisy dolphin donkey eleven emerald fabric " +
  "falcon farmer fiddle flower fossil fridge galaxy garlic gravel guitar hazel helmet hollow iron ivory jelly jewel " +
  "kernel kitchen lagoon laptop leather lizard lobster locket marble market melon metal mitten monkey mustard napkin " +
  "nephew number oyster paddle parrot pebble pigeon pillow pirate plaster powder prairie puzzle radish raven rocket " +
  "saffron salmon scarf signal spider sponge squirrel summer sunset temple ticket tomato tunnel turtle valley village " +
  "wagon willow";

const EXAMPLES = ["instruct", "dpo"];
const DATA = ["conversations", "preferences"];

/** What decides the result, beside the quickstart's model. */
export function chainInputs() {
  const read = (name) => readFileSync(join(root, "examples", name), "utf8");
  return [
    ...EXAMPLES.map((name) => read(`${name}.yaml`)),
    ...DATA.map((name) => read(`data/${name}.jsonl`)),
    WORDS,
  ];
}

/** Both examples with one seed, and the answers before, between and after. */
export async function runChain({ seed, base, out }) {
  const words = heldOutWords();
  const [instruct, dpo] = EXAMPLES.map((name) => join(out, name));
  const going = (from) => ({
    seed,
    "init.from": from,
    "tokenizer.path": join(from, "tokenizer.json"),
  });
  trainExample("instruct", instruct, going(base));
  trainExample("dpo", dpo, going(instruct));
  const preferences = readRows(join(dpo, "events.jsonl")).filter(
    ({ type }) => type === "preference",
  );
  return {
    words: words.length,
    quickstart: await shareInForm(base, FORMATS, words),
    instruct: await shareInForm(instruct, FORMATS, words),
    dpo: await shareInForm(dpo, FORMATS, words),
    preferences: preferences.map(({ step, loss, margin, accuracy, pairs }) => ({
      step,
      loss,
      margin,
      accuracy,
      pairs,
    })),
  };
}

function heldOutWords() {
  const data = DATA.map((name) =>
    readFileSync(join(root, "examples/data", `${name}.jsonl`), "utf8"),
  );
  const words = WORDS.split(" ");
  const known = words.filter((word) => data.some((text) => text.includes(`${word}.`)));
  if (known.length > 0) throw new Error(`the examples' data has ${known.join(", ")}`);
  return words;
}
