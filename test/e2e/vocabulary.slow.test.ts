import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { json, succeed } from "./support/cli.ts";
import { expectKillsToLeaveNoTrace, train } from "./support/killed-run.ts";
import { type Changes, project, sharedProject, SMALL, STEP_TOKENS } from "./support/project.ts";
import { checkpoints, events, metrics } from "./support/run-files.ts";

/** Of either stage; checkpoints at 15, 30 (boundary), 45, 60. */
const STEPS = 30;

/** Layers and vocabulary grow in one event. */
const GROWING: Changes = {
  tokenizer: { type: "bpe", vocab_size: 320 },
  stages: [
    { ...SMALL, vocab_size: 280, tokens: STEPS * STEP_TOKENS },
    { ...SMALL, num_layers: 3, tokens: STEPS * STEP_TOKENS },
  ],
  growth: { depth: "stack", ramp_steps: 5 },
  eval: { sample_prompt: "she ", sample_tokens: 4 },
  checkpoint: { interval_steps: 15, keep: 4 },
};

const grown = sharedProject(GROWING);
const cwd = { cwd: grown.directory };

beforeAll(async () => {
  expect(await train(grown, "count")).toMatchObject({ code: 0 });
}, 120_000);

const bitsPerByte = (step: number) =>
  Number(events(grown.run, "validation").find((row) => row.step === step)!.bits_per_byte);

/** The checkpoints of the end of each stage, with the tokens of its vocabulary. */
const ENDS = [
  [STEPS, 280],
  [2 * STEPS, 320],
] as const;

function checkpointAt(step: number): string {
  const name = checkpoints(grown.run).find((each) => each.startsWith(`step-${pad(step)}.`))!;
  return join(grown.run, "checkpoints", name);
}

const pad = (step: number) => String(step).padStart(8, "0");

describe("a run whose vocabulary grows", () => {
  it("says what the event did to one text", () => {
    const [event] = events(grown.run, "growth");
    expect(event).toMatchObject({
      from: { num_layers: 2, vocab_size: 280 },
      to: { num_layers: 3, vocab_size: 320 },
      preserving: false,
    });
    const { before, after } = event!.bits_per_byte as { before: number; after: number };
    // Beginnings of the validation documents, which validation has whole.
    expect(before / bitsPerByte(STEPS)).toBeCloseTo(1, 0);
    expect(after / before).toBeGreaterThan(0.8);
    expect(after / before).toBeLessThan(1.5);
  });

  it("learns on from there", () => {
    expect(bitsPerByte(2 * STEPS)).toBeLessThan(0.8 * bitsPerByte(STEPS));
    expect(metrics(grown.run).filter(({ skipped }) => skipped)).toEqual([]);
  });

  it.each(ENDS)(
    "has a checkpoint at step %d that writes and is scored in its own %d tokens",
    async (step) => {
      const checkpoint = checkpointAt(step);
      const args = ["--prompt", "she ", "--temperature", "0", "--max-tokens", "8", "--json"];
      const { text } = json(await succeed(["generate", checkpoint, ...args], cwd));
      expect(text).toMatch(/^[a-z ,.]+$/);
      const scores = json(
        await succeed(["eval", checkpoint, "--suite", "perplexity", "--json"], cwd),
      );
      const [task] = scores.tasks as { bits_per_byte: number }[];
      expect(task!.bits_per_byte).toBeCloseTo(bitsPerByte(step), 6);
    },
  );

  it.each(ENDS)("exports its checkpoint at step %d with %d tokens", async (step, tokens) => {
    const out = grown.path(`exported-${step}`);
    await succeed(["export", checkpointAt(step), "--format", "hf", "--out", out], cwd);
    const read = (name: string) => JSON.parse(readFileSync(join(out, name), "utf8")) as never;
    expect(read("config.json")).toMatchObject({ vocab_size: tokens });
    const { model, added_tokens } = read("tokenizer.json") as {
      model: { vocab: object };
      added_tokens: object[];
    };
    expect(Object.keys(model.vocab)).toHaveLength(tokens);
    expect(added_tokens).toMatchObject([{ id: tokens - 1 }]);
  });

  it("ends with the same bytes after kills around the event and behind it", async () => {
    // While the last checkpoint of the stage is written, right after the event, and after the first step of the stage.
    const moments = ["save:2", "growth:1", `row:${STEPS + 1}`, `row:${STEPS + 17}`];
    await expectKillsToLeaveNoTrace(moments, GROWING, grown);
  });

  it("takes the same steps on several ranks", async () => {
    // One of them waits for the second stage.
    const parallel = [{ data_parallel_size: 1 }, { tensor_parallel_size: 2 }];
    const stages = GROWING.stages!.map((stage, i) => ({
      ...stage,
      tokens: 4 * STEP_TOKENS,
      parallel: parallel[i]!,
    }));
    const [whole, split] = await Promise.all(
      [stages.map((stage) => ({ ...stage, parallel: {} })), stages].map(async (each) => {
        const { directory, run } = project({ ...GROWING, growth: { ramp_steps: 2 }, stages: each });
        await succeed(["config.yaml"], { cwd: directory });
        return [...metrics(run), ...events(run, "growth")].flatMap(({ loss, loss_after }) =>
          Number(loss ?? loss_after),
        );
      }),
    );
    expect(split).toHaveLength(9);
    for (const [i, loss] of whole!.entries()) expect(split![i]! / loss).toBeCloseTo(1, 4);
  });
});
