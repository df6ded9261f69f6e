import { beforeAll, describe, expect, it } from "vitest";
import { describe as show } from "./support/cli.ts";
import { expectKillsToLeaveNoTrace, expectSameRun, GROWING, train } from "./support/killed-run.ts";
import { type Changes, project, sharedProject, STEP_TOKENS } from "./support/project.ts";
import { integers } from "./support/random.ts";

const KILLS = 20;
/** Every moment of a run is tried in turn, and each attempt takes about a second. */
const EVERY_MOMENT_MS = 900_000;

/** Shorter than GROWING: one growth event, and every kind of write at least twice. */
const SHORT: Changes = {
  ...GROWING,
  stages: GROWING.stages!.slice(0, 2).map((stage) => ({ ...stage, tokens: 5 * STEP_TOKENS })),
  growth: { ramp_steps: 3 },
  checkpoint: { interval_steps: 3, keep: 1 },
};

/** Calls that change the file system in an unbroken run. */
let operations = 0;
const short = sharedProject(SHORT);
const unbroken = sharedProject(GROWING);

beforeAll(async () => {
  const outcome = await train(short, "count");
  operations = Number(/^operations (\d+)$/m.exec(outcome.stderr)?.[1]);
  if (!(operations > KILLS)) throw new Error(show(outcome));
  expect(await train(unbroken, "count")).toMatchObject({ code: 0 });
}, 120_000);

describe("a run that is killed", () => {
  it(
    "before any one change to the file system is resumed to the same bytes",
    { timeout: EVERY_MOMENT_MS },
    async () => {
      for (let operation = 1; operation <= operations; operation++) {
        const moment = `operation:${operation}`;
        const killed = project(SHORT);
        expect(await train(killed, moment), moment).toMatchObject({ signal: "SIGKILL" });
        expect(await train(killed, "count"), moment).toMatchObject({ code: 0 });
        expectSameRun(killed.run, short.run);
      }
    },
  );

  it(`${KILLS} times is resumed to the same bytes`, async () => {
    const killed = project(GROWING);
    const perLife = Math.ceil(operations / 4);
    for (const operation of integers(13, KILLS, 1, perLife)) {
      const { code, signal } = await train(killed, `operation:${operation}`);
      // The last lives may get to the end of the run.
      expect(["SIGKILL", 0]).toContain(signal ?? code);
    }
    expect(await train(killed, "count")).toMatchObject({ code: 0 });
    expectSameRun(killed.run, unbroken.run);
  });

  it("ends with the same bytes in bf16, moments too, with BPE, several sources, micro-batches and recomputation", async () => {
    const [first, ...rest] = GROWING.stages!;
    const changes: Changes = {
      ...GROWING,
      precision: "bf16",
      model: { family: "flm", seq_length: 32 },
      tokenizer: { type: "bpe", vocab_size: 290 },
      data: {
        sources: [
          { path: "corpus.jsonl", weight: 1 },
          { path: "config.yaml", weight: 0.2, format: "text" },
        ],
        validation: { fraction: 0.1 },
      },
      optimizer: { state_precision: "bf16" },
      schedule: { type: "cosine", horizon: "stage" },
      stages: [
        { ...first!, micro_batch_size: 2, parallel: { recompute: "full" } },
        ...rest.map((stage) => ({ ...stage, seq_length: 48 })),
      ],
    };
    const expected = project(changes);
    expect(await train(expected, "count")).toMatchObject({ code: 0 });
    await expectKillsToLeaveNoTrace(["row:12"], changes, expected);
  });

  it("ends with the same bytes where checkpoints are written while training goes on", async () => {
    const changes = { ...GROWING, checkpoint: { ...GROWING.checkpoint, async: true } };
    await expectKillsToLeaveNoTrace(["row:5", "save:3", "growth:1", "row:20"], changes, unbroken);
  });
});
