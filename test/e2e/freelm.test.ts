import { expect, it } from "vitest";
import { json, succeed } from "./support/cli.ts";
import { project, SMALL, STEP_TOKENS } from "./support/project.ts";

/** Words of which the first letter alone decides, whatever follows it. */
const PROPOSITIONS = Array.from({ length: 400 }, (_, i) => ({
  text: `${"ab"[i % 2]}${(i * 7919) % 1000}`,
  proposition: "a?",
  label: i % 2 === 0 ? "+" : "-",
}));

it("a model learns to judge propositions that it has not seen, beside text", async () => {
  const { directory, run, write } = project({
    data: {
      sources: [
        { path: "corpus.jsonl", weight: 1 },
        { path: "teacher.jsonl", type: "proposition", weight: 3 },
      ],
      validation: { fraction: 0.1 },
    },
    objective: { type: "freelm" },
    stages: [{ ...SMALL, tokens: 60 * STEP_TOKENS }],
    optimizer: { lr: 1e-2 },
  });
  write("teacher.jsonl", PROPOSITIONS.map((row) => JSON.stringify(row)).join("\n"));
  await succeed(["config.yaml"], { cwd: directory });
  // Numbers above 1000 are in no sample.
  const judged = ["a4711", "b1234", "b8080", "a2718"].map(async (text) => {
    const greedy = ["--max-tokens", "1", "--temperature", "0", "--json"];
    const args = ["generate", run, "--prompt", `${text}\na?\n`, ...greedy];
    return json(await succeed(args, { cwd: directory })).text;
  });
  expect(await Promise.all(judged)).toEqual(["+", "-", "-", "+"]);
});
