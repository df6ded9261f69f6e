import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Manifest } from "../../../../lib/checkpoint/manifest.ts";
import { CheckpointStore } from "../../../../lib/checkpoint/store.ts";
import type { Config } from "../../../../lib/config/types.ts";
import { FlmError } from "../../../../lib/errors.ts";
import type { StagePlan } from "../../../../lib/growth/stage-plan.ts";
import type { RunEvent } from "../../../../lib/train/events.ts";
import { type Progress, progressOf } from "../../../../lib/train/progress.ts";
import { alone } from "../../../../lib/train/ranks.ts";
import { SILENT } from "../../../../lib/train/recorder.ts";
import { findTarget, rollbackTargets } from "../../../../lib/train/stability/rollback-target.ts";
import { manifest } from "../../checkpoint/manifests.ts";
import { rankTeam } from "../../checkpoint/rank-team.ts";
import { stability } from "./support.ts";

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

/** Standing at `step` of the second stage. */
function placeAt(step: number): Progress {
  return { ...progressOf(undefined), stage: 1, stage_step: step - 20, step };
}

/** The steps of the targets, the best first. */
function targetsAt(step: number, margin: number): number[] {
  const targets = rollbackTargets(store.checkpoints(), STAGES, placeAt(step), margin);
  return targets.map(({ manifest }) => manifest.step);
}

describe("rollbackTargets", () => {
  test("begin with the newest checkpoint before the margin", () => {
    for (const step of [25, 30, 35]) commit({ stage: 1, stage_step: step - 20, step });
    expect(targetsAt(37, 0)).toEqual([35, 30, 25]);
    expect(targetsAt(37, 3)).toEqual([35, 30, 25]);
    expect(targetsAt(37, 4)).toEqual([30, 25, 35]);
    expect(targetsAt(37, 13)).toEqual([25, 30, 35]);
  });

  test("begin with the oldest one where none lies that far back", () => {
    for (const step of [25, 30]) commit({ stage: 1, stage_step: step - 20, step });
    expect(targetsAt(32, 100)).toEqual([25, 30]);
  });

  test("hold the last one of the stage before, but no earlier one", () => {
    commit({ stage: 0, stage_step: 15, step: 15 });
    commit({ stage: 0, stage_step: 20, step: 20 });
    expect(targetsAt(22, 100)).toEqual([20]);
  });

  test("may be none", () => {
    expect(targetsAt(22, 0)).toEqual([]);
    commit({ stage: 0, stage_step: 15, step: 15 });
    expect(targetsAt(22, 0)).toEqual([]);
  });
});

describe("findTarget", () => {
  const { name, size, xxh64 } = manifest().files[0]!;
  const mesh = {
    tensor_parallel_size: 1,
    pipeline_parallel_size: 1,
    data_parallel_size: 1,
    virtual_pipeline_size: 1,
    world_size: 1,
  };

  function commitWithShard(step: number): void {
    const whole = manifest({ stage: 1, stage_step: step - 20, step });
    const partial = store.begin(whole.step, whole.epoch);
    writeFileSync(join(partial, name), "");
    store.commit(partial, whole);
  }

  test("passes over what is damaged, and says so", async () => {
    for (const step of [25, 30, 35]) commitWithShard(step);
    const warnings: string[] = [];
    const recorder = {
      ...SILENT,
      event: (event: RunEvent) => void (event.type === "warning" && warnings.push(event.message)),
    };
    const config = { stability: stability({ rollback_margin_steps: 0 }) } as Config;
    const run = { config, stages: STAGES, store, ranks: alone(1), recorder };
    const find = (damaged: readonly string[]) =>
      findTarget(run, placeAt(37), mesh, async (path) => {
        const isDamaged = damaged.some((step) => path.includes(step));
        return { size, xxh64: isDamaged ? "f".repeat(16) : xxh64 };
      });
    expect((await find([]))?.manifest.step).toBe(35);
    expect(warnings).toEqual([]);
    expect((await find(["step-00000035", "step-00000030"]))?.manifest.step).toBe(25);
    expect(warnings).toEqual([
      expect.stringMatching(/passed over .*step-00000035.* has hash f{16}/),
      expect.stringMatching(/passed over .*step-00000030.* has hash f{16}/),
    ]);
    expect(await find(["step-"])).toBeNull();
  });

  test("is not looked for further when a rank is lost that hashes with it", async () => {
    for (const step of [25, 30]) commitWithShard(step);
    const config = { stability: stability({ rollback_margin_steps: 0 }) } as Config;
    const lost = new FlmError("COMM_PEER_LOST", "lost rank 1");
    const events: RunEvent[] = [];
    const recorder = { ...SILENT, event: (event: RunEvent) => void events.push(event) };
    const gather = async <T>(key: string, value: T): Promise<T[]> => {
      if (key === "hash/shares") throw lost;
      return [value];
    };
    const ranks = { ...alone(1), gather };
    const run = { config, stages: STAGES, store, ranks, recorder };
    const searched = findTarget(run, placeAt(37), mesh, async () => ({ size, xxh64 }));
    await expect(searched).rejects.toBe(lost);
    expect(events).toEqual([]);
  });

  test("is rank 0's on every rank of the stage, which hash a share of it", async () => {
    for (const step of [25, 30]) commitWithShard(step);
    const config = { stability: stability({ rollback_margin_steps: 0 }) } as Config;
    const inTwo = { ...mesh, data_parallel_size: 2, world_size: 4 };
    const team = rankTeam(2);
    const hashed: string[][] = [[], []];
    const found = await Promise.all(
      team.map(({ rank, gather }) => {
        const ranks = { ...alone(1), rank, world_size: 4, gather };
        const run = { config, stages: STAGES, store, ranks, recorder: SILENT };
        return findTarget(run, placeAt(37), inTwo, async (path) => {
          hashed[rank]!.push(path);
          return { size, xxh64 };
        });
      }),
    );
    expect(found.map((checkpoint) => checkpoint?.manifest.step)).toEqual([30, 30]);
    expect(hashed.map((paths) => paths.length)).toEqual([1, 0]);
  });
});

test("a store that is rewound goes on from that checkpoint", () => {
  for (const step of [25, 30, 35]) commit({ stage: 1, stage_step: step - 20, step });
  const [, middle] = store.checkpoints();
  store.rewind(middle!);
  expect(store.checkpoints().map(({ manifest: { step } }) => step)).toEqual([30, 25]);
});
