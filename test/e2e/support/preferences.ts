import { succeed } from "./cli.ts";
import { type Changes, project, SMALL, STEP_TOKENS, tinyConfig, yaml } from "./project.ts";

const WORDS = "apple river stone cloud tiger lemon piano chair ocean maple".split(" ");

/** Words, of which the one in capitals is preferred. */
const PAIRS = Array.from({ length: 120 }, (_, i) => {
  const word = `${WORDS[i % 10]}${i}`;
  return { prompt: `Say ${word}`, chosen: word.toUpperCase(), rejected: word };
});

const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join("\n");

/** A project whose `config.yaml` tunes a model that has been trained to say words either way, in `runs/base`. */
export async function preferenceProject(changes: Changes = {}) {
  const created = project({
    init: { from: "runs/base", optimizer: false },
    objective: { type: "dpo" },
    data: {
      sources: [{ path: "pairs.jsonl", type: "conversation" }],
      validation: { fraction: 0.1 },
    },
    optimizer: { lr: 1e-3 },
    stages: [{ ...SMALL, tokens: 24 * STEP_TOKENS }],
    eval: { interval_steps: 6 },
    ...changes,
  });
  const { directory, write } = created;
  write("pairs.jsonl", lines(PAIRS));
  const said = PAIRS.map(({ prompt, chosen, rejected }, i) => ({
    prompt,
    completion: i % 2 === 0 ? chosen : rejected,
  }));
  write("said.jsonl", lines(said));
  const base = tinyConfig({
    name: "base",
    objective: { type: "instruct" },
    data: {
      sources: [{ path: "said.jsonl", type: "conversation" }],
      validation: { fraction: 0.1 },
    },
    stages: [{ ...SMALL, tokens: 40 * STEP_TOKENS }],
  });
  write("base.yaml", yaml(base));
  await succeed(["base.yaml"], { cwd: directory });
  return created;
}
