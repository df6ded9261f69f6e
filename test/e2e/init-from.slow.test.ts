import { beforeAll, describe, expect, it } from "vitest";
import { succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { sharedProject, SMALL, STEP_TOKENS, tinyConfig, yaml } from "./support/project.ts";
import { metrics } from "./support/run-files.ts";

const { directory, path, run, write } = sharedProject();

/** A config that goes on from `runs/tiny`. */
function child(name: string, changes: object, init: object = {}): void {
  const config = tinyConfig({ name, init: { from: "runs/tiny", ...init }, ...changes });
  write(`${name}.yaml`, yaml(config));
}

/** muP at the width where it changes nothing else. */
const MULTIPLIED = {
  family: "llama",
  seq_length: 32,
  mup: { base_hidden_size: SMALL.hidden_size, input_mult: 2 },
};

const SCALED = {
  family: "llama",
  seq_length: 32,
  rope_scaling: { type: "linear", factor: 2 },
};

const conversations = Array.from({ length: 60 }, (_, i) => ({
  prompt: `Number ${i}?`,
  completion: "Yes.",
}));

beforeAll(async () => {
  await succeed(["config.yaml"], { cwd: directory });
  write("chat.jsonl", conversations.map((row) => JSON.stringify(row)).join("\n"));
}, 120_000);

describe("init.from", () => {
  it.each([true, false])("begins where the other run ended, optimizer %s", async (optimizer) => {
    const name = `child-${optimizer}`;
    child(name, { stages: [{ ...SMALL, tokens: 3 * STEP_TOKENS }] }, { optimizer });
    await succeed([`${name}.yaml`], { cwd: directory });
    const [before, after] = [metrics(run), metrics(path(`runs/${name}`))];
    expect(after[0]!.loss).toBeLessThan(Number(before[0]!.loss) - 0.5);
  });

  it("tunes on instructions, and grows", async () => {
    child("chat", {
      data: {
        sources: [{ path: "chat.jsonl", type: "conversation" }],
        validation: { fraction: 0.1 },
      },
      objective: { type: "instruct" },
      model: { family: "llama", seq_length: 48 },
      stages: [SMALL, { ...SMALL, num_layers: 3, tokens: 30 * STEP_TOKENS }],
    });
    await succeed(["chat.yaml"], { cwd: directory });
    const losses = metrics(path("runs/chat")).map(({ loss }) => Number(loss));
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
    const again = await succeed(["chat.yaml"], { cwd: directory });
    expect(again.stderr).toContain("resuming");
  });

  it.each([
    ["another shape", { stages: [{ ...SMALL, num_layers: 3 }] }, "num_layers is 2 there and 3"],
    ["another family", { model: { family: "gpt2", seq_length: 32 } }, "norm is rms_norm there"],
    ["another multiplier", { model: MULTIPLIED }, "input_mult is 1 there and 2"],
    ["another rotation", { model: SCALED }, 'rope_scaling is null there and {"type":"linear"'],
    ["another vocabulary", { tokenizer: { type: "bpe", vocab_size: 300 } }, "vocab_size is 257"],
  ])("refuses %s, and says what differs", async (_, changes, says) => {
    child("refused", changes);
    await expectFailure(
      ["refused.yaml"],
      { cwd: directory },
      {
        exit: 64,
        code: "CONFIG_INVALID",
        says: [says],
        remedy: "stage",
      },
    );
  });

  it("names a place without a checkpoint", async () => {
    child("lost", {}, { from: "runs/none" });
    await expectFailure(
      ["lost.yaml"],
      { cwd: directory },
      {
        exit: 65,
        code: "CHECKPOINT_NOT_FOUND",
        says: ["runs/none"],
        remedy: "runs/NAME",
      },
    );
  });
});
