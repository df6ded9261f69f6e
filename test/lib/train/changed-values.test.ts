import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Checkpoint } from "../../../lib/checkpoint/store.ts";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { stringifyConfig } from "../../../lib/config/stringify.ts";
import type { Config } from "../../../lib/config/types.ts";
import { changedValues } from "../../../lib/train/changed-values.ts";
import { RunDirectory } from "../../../lib/train/run-directory.ts";
import { userConfig } from "../config/fixtures.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const config = () => resolveConfig(userConfig([{}, { num_layers: 6 }]), { cwd: "/here" });

/** Of a run that has reached its second stage. */
function changes(change: (now: Config) => void, text = stringifyConfig(config(), "1")): string[] {
  const directory = new RunDirectory(join(temporaryDirectory(), "mini"));
  mkdirSync(directory.path);
  writeFileSync(directory.config, text);
  const now = config();
  change(now);
  return changedValues(directory, now, { manifest: { stage: 1 } } as Checkpoint);
}

test("what a resumed run does otherwise is listed with both values", () => {
  expect(changes(() => {})).toEqual([]);
  const listed = changes((now) => {
    now.checkpoint.interval_steps = 7;
    now.stages[1]!.lr = 0.5;
  });
  expect(listed).toEqual([
    expect.stringMatching(/^stages\.1\.lr [\d.e-]+ → 0\.5$/),
    `checkpoint.interval_steps ${config().checkpoint.interval_steps} → 7`,
  ]);
});

test("finished stages, stages that are new, and keys of another version are not", () => {
  const listed = changes(
    (now) => {
      now.stages[0]!.lr = 0.5;
      now.stages.push(now.stages[1]!);
    },
    stringifyConfig(config(), "1").replace(/^seed: .*\n/m, ""),
  );
  expect(listed).toEqual([]);
});

test("a config that cannot be read says nothing", () => {
  expect(changes((now) => (now.seed = 9), "")).toEqual([]);
  expect(changes((now) => (now.seed = 9), "a: [")).toEqual([]);
});
