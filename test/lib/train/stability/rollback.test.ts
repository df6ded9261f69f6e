import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Manifest } from "../../../../lib/checkpoint/manifest.ts";
import { CheckpointStore } from "../../../../lib/checkpoint/store.ts";
import type { StagePlan } from "../../../../lib/growth/stage-plan.ts";
import { progressOf } from "../../../../lib/train/progress.ts";
import { rollbackTarget } from "../../../../lib/train/stability/rollback.ts";
import { manifest } from "../../checkpoint/manifests.ts";

/** Of which nothing but the lengths is read. */
const STAGES = [{ steps: 20 }, { steps: 50 }] as StagePlan[];

let directory: string;
let store: CheckpointStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "flm-rollback-"));
  store = new CheckpointStore(join(directory, "checkpoints"));
});

afterEach(() => rmSync(directory, { recursive: true }));

function commit(facts: Partial<Manifest>): void {
  const whole = manifest({ ...facts });
  store.commit(store.begin(whole.step, whole.epoch), whole);
}

/** The step of the target, standing at `step` of the second stage. */
function targetAt(step: number, margin: number): number | undefined {
  const at = { ...progressOf(undefined), stage: 1, stage_step: step - 20, step };
  return rollbackTarget(store, STAGES, at, margin)?.manifest.step;
}

describe("rollbackTarget", () => {
  test("is the newest checkpoint before the margin", () => {
    for (const step of [25, 30, 35]) commit({ stage: 1, stage_step: step - 20, step });
    expect(targetAt(37, 0)).toBe(35);
    expect(targetAt(37, 3)).toBe(35);
    expect(targetAt(37, 4)).toBe(30);
    expect(targetAt(37, 13)).toBe(25);
  });

  test("is the oldest one where none lies that far back", () => {
    for (const step of [25, 30]) commit({ stage: 1, stage_step: step - 20, step });
    expect(targetAt(32, 100)).toBe(25);
  });

  test("may be the last one of the stage before, but no earlier one", () => {
    commit({ stage: 0, stage_step: 15, step: 15 });
    commit({ stage: 0, stage_step: 20, step: 20 });
    expect(targetAt(22, 100)).toBe(20);
  });

  test("is null where there is none", () => {
    expect(targetAt(22, 0)).toBeUndefined();
    commit({ stage: 0, stage_step: 15, step: 15 });
    expect(targetAt(22, 0)).toBeUndefined();
  });
});

test("a store that is rewound goes on from that checkpoint", () => {
  for (const step of [25, 30, 35]) commit({ stage: 1, stage_step: step - 20, step });
  const [, middle] = store.checkpoints();
  store.rewind(middle!);
  expect(store.checkpoints().map(({ manifest: { step } }) => step)).toEqual([30, 25]);
});
