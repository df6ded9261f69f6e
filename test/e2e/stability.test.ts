import { beforeAll, describe, expect, it } from "vitest";
import { batchesOf, faultsAt, trainBad, WATCHED, watched } from "./support/bad-run.ts";
import { describe as told, json } from "./support/cli.ts";
import { expectSameRun } from "./support/killed-run.ts";
import { project, sharedProject } from "./support/project.ts";
import { events, latest, manifest, metrics, withoutTimes } from "./support/run-files.ts";

const clean = sharedProject(WATCHED);
let batches: string[];

beforeAll(async () => {
  batches = (await batchesOf(clean))[0]!;
}, 120_000);

const THREE = { 9: "nan", 12: "loss", 15: "gradient" } as const;
const RUN_OF_BAD = { 14: "loss", 15: "loss", 16: "nan" } as const;
const BACK = { spike_action: "rollback", max_rollbacks: 2 } as const;

describe("bad batches", () => {
  it("are left out one by one, recorded, and no part of what is judged by", async () => {
    const { run, directory, path, write } = project(WATCHED);
    const outcome = await trainBad({ run, directory, path, write }, faultsAt(batches, THREE));
    expect(json(outcome), told(outcome)).toMatchObject({ status: "done", steps: 24 });
    expect(events(run, "skip")).toMatchObject([
      { step: 9, action: "skip", reason: "non_finite", loss: 3, grad_norm: null, limit: null },
      { step: 12, action: "skip", reason: "loss", loss: 50 },
      { step: 15, action: "skip", reason: "grad_norm" },
    ]);
    const rows = metrics(run);
    expect(rows.filter(({ skipped }) => skipped).map(({ step }) => step)).toEqual([9, 12, 15]);
    const { stability, skipped_steps, optimizer_steps } = manifest(latest(run));
    expect(skipped_steps).toBe(3);
    expect(optimizer_steps["embedding.weight"]).toBe(21);
    expect(stability.losses).toHaveLength(8);
    expect(Math.max(...stability.losses)).toBeLessThan(6);
    expect(Math.max(...stability.grad_norms)).toBeLessThan(10);
  });
});

describe("a run that goes back to a checkpoint", () => {
  const back = sharedProject(watched(BACK));

  beforeAll(async () => {
    const outcome = await trainBad(back, faultsAt(batches, RUN_OF_BAD));
    expect(json(outcome), told(outcome)).toMatchObject({ status: "done", steps: 24 });
  }, 120_000);

  it("leaves the data out around the bad ones, and says so in the events and the manifest", () => {
    // Step 14 is bad; the newest checkpoint three steps before it is that of step 8.
    const rejected = { step: 14, reason: "loss", loss: 50 };
    expect(events(back.run, "rollback")).toMatchObject([
      { step: 8, number: 1, rejected, lr_factor: 1 },
    ]);
    const { stability } = manifest(latest(back.run));
    expect(stability.rollbacks).toMatchObject([{ ...rejected, to_step: 8 }]);
    const [rollback] = stability.rollbacks;
    expect(rollback!.data_to).not.toEqual(rollback!.data_from);
    const rows = metrics(back.run);
    expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(rows.every(({ skipped }) => !skipped)).toBe(true);
    expect(rows.slice(0, 8)).toEqual(metrics(clean.run).slice(0, 8));
    expect(rows[8]!.loss).not.toBe(metrics(clean.run)[8]!.loss);
  });

  it.each([7])("ends with the same bytes after a kill in the middle (%i)", async (operation) => {
    const killed = project(watched(BACK));
    const faults = faultsAt(batches, RUN_OF_BAD);
    const outcome = await trainBad(killed, faults, `rollback:${operation}`);
    expect(outcome, told(outcome)).toMatchObject({ signal: "SIGKILL" });
    const end = await trainBad(killed, faults);
    expect(json(end), told(end)).toMatchObject({ status: "done" });
    expectSameRun(killed.run, back.run);
    const rollbacks = (run: string) => events(run, "rollback").map(withoutTimes);
    expect(rollbacks(killed.run)).toEqual(rollbacks(back.run));
  });
});
