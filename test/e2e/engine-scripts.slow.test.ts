import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { INIT_STD, NORM_EPS, OPTIMIZER, SHAPES } from "../../bench/step/shapes.mjs";
import { root } from "../../scripts/support/files.mjs";
import { temporaryDirectory } from "../lib/temporary-directory.ts";

// Programs that make engines of the package's own modules: no compiler checks what they pass to these.

/** What a script says; each line of `input` is a request to it. */
function run(script: string, args: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, script), ...args], {
    encoding: "utf8",
    input,
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

it("a growth event is timed", () => {
  const { seconds } = JSON.parse(run("bench/growth/event.mjs", ["--rounds", "1"]));
  expect(Object.keys(seconds)).toEqual(["save_before", "grow", "save_after", "load_after"]);
});

it("a training step is timed", () => {
  const shape = { ...SHAPES["9m"], num_layers: 1, vocab_size: 64, batch_size: 1, seq_length: 16 };
  const settings = { optimizer: OPTIMIZER, norm_eps: NORM_EPS, init_std: INIT_STD };
  const job = { shape, precision: "f32", threads: 1, ...settings };
  const answers = run("bench/step/ours.mjs", [JSON.stringify(job)], "step\ntrace\n");
  const [hello, step, trace] = answers
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(hello.parameters).toBeGreaterThan(0);
  expect(step.loss).toBeGreaterThan(0);
  expect(trace.rows.length).toBeGreaterThan(1);
});

it("our side of a comparison with PyTorch is written", () => {
  const directory = temporaryDirectory();
  run("scripts/verify/ours.mjs", ["llama", directory]);
  expect(existsSync(join(directory, "ours.json"))).toBe(true);
});
