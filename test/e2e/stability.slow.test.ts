import { beforeAll, describe, expect, it } from "vitest";
import { batchesOf, type Fault, faultsAt, trainBad, WATCHED, watched } from "./support/bad-run.ts";
import { describe as told, json } from "./support/cli.ts";
import { expectSameRun } from "./support/killed-run.ts";
import { type Changes, project, sharedProject, SMALL, STEP_TOKENS } from "./support/project.ts";
import { events, latest, manifest, metrics } from "./support/run-files.ts";

const BACK = { spike_action: "rollback", max_rollbacks: 2 } as const;
const clean = sharedProject(WATCHED);
let batches: string[];

beforeAll(async () => {
  batches = (await batchesOf(clean))[0]!;
}, 120_000);

describe("bad batches", () => {
  it("are replaced by the next ones where that is asked for", async () => {
    const replaced = project(watched({ spike_action: "replace" }));
    const faults = faultsAt(batches, { 9: "nan", 12: "loss", 15: "gradient" });
    const outcome = await trainBad(replaced, faults);
    expect(json(outcome), told(outcome)).toMatchObject({ status: "done", steps: 24 });
    expect(events(replaced.run, "skip")).toMatchObject([
      { step: 9, action: "replace", reason: "non_finite" },
      { step: 11, action: "replace", reason: "loss" },
      { step: 13, action: "replace", reason: "grad_norm" },
    ]);
    const rows = metrics(replaced.run);
    expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(rows.every(({ skipped }) => !skipped)).toBe(true);
    expect(manifest(latest(replaced.run)).optimizer_steps["embedding.weight"]).toBe(24);
  });

  it("send the run back after ten in a row, whatever is done about one", async () => {
    const many = project(watched({ max_rollbacks: 1, rollback_margin_steps: 1 }));
    const bad = Array.from({ length: 10 }, (_, i): [number, Fault] => [9 + i, "nan"]);
    const outcome = await trainBad(many, faultsAt(batches, Object.fromEntries(bad)));
    expect(json(outcome), told(outcome)).toMatchObject({ status: "done", steps: 24 });
    expect(events(many.run, "rollback")).toMatchObject([{ number: 1, rejected: { step: 18 } }]);
  });

  it("end the run where going back does not help any more", async () => {
    const doomed = project(watched({ ...BACK, max_rollbacks: 1, rollback_margin_steps: 0 }));
    const outcome = await trainBad(doomed, faultsAt(batches, { 10: "loss", 14: "gradient" }));
    expect(outcome.code, told(outcome)).toBe(70);
    expect(json(outcome)).toMatchObject({ code: "DIVERGED" });
    expect(String(json(outcome).message)).toMatch(
      /a gradient norm of .* above the limit of .*1 of at most 1/,
    );
    expect(events(doomed.run, "rollback")).toHaveLength(1);
  });

  it("lower the rate from the second time on that the run goes back", async () => {
    const cut = project(watched({ ...BACK, rollback_margin_steps: 0, rollback_lr_factor: 0.5 }));
    const outcome = await trainBad(cut, faultsAt(batches, { 10: "loss", 14: "gradient" }));
    expect(json(outcome), told(outcome)).toMatchObject({ status: "done" });
    expect(events(cut.run, "rollback").map(({ lr_factor }) => lr_factor)).toEqual([1, 0.5]);
    const last = (run: string) => Number(metrics(run)[15]!.lr);
    expect(last(cut.run)).toBeCloseTo(last(clean.run) / 2, 12);
  });

  it("are met alike by two ranks, of which one alone has them", async () => {
    const ranks: Changes = {
      ...watched(BACK),
      stages: [{ ...WATCHED.stages![0]!, parallel: { data_parallel_size: 2 } }],
    };
    const [, second] = await batchesOf(project(ranks), 2);
    const shared = project(ranks);
    const outcome = await trainBad(shared, faultsAt(second!, { 6: "nan", 14: "loss" }));
    expect(json(outcome), told(outcome)).toMatchObject({ status: "done", steps: 24 });
    expect(events(shared.run, "rollback")).toMatchObject([
      { step: 4, number: 1, rejected: { step: 6, reason: "non_finite" } },
      { step: 4, number: 2, rejected: { step: 9, reason: "loss" } },
    ]);
    expect(metrics(shared.run)).toHaveLength(24);
  });

  it("send a model that has just grown back to before it grew, and it grows again", async () => {
    const growing: Changes = {
      ...watched(BACK),
      growth: { depth: "stack", width: "mask", ramp_steps: 3 },
      stages: [
        { ...SMALL, tokens: 10 * STEP_TOKENS },
        { num_layers: 3, hidden_size: 48, num_attention_heads: 3, tokens: 10 * STEP_TOKENS },
      ],
    };
    const [own] = await batchesOf(project(growing));
    const faults = faultsAt(own!, { 12: "nan" });
    const back = project(growing);
    const outcome = await trainBad(back, faults);
    expect(json(outcome), told(outcome)).toMatchObject({ status: "done", steps: 20 });
    expect(events(back.run, "rollback")).toMatchObject([{ step: 10, rejected: { step: 12 } }]);
    expect(events(back.run, "growth")).toHaveLength(1);
  });
});

describe("a run that goes back to a checkpoint", () => {
  const back = sharedProject(watched(BACK));
  let faults: Record<string, Fault>;

  beforeAll(async () => {
    faults = faultsAt(batches, { 14: "loss", 15: "loss", 16: "nan" });
    const outcome = await trainBad(back, faults);
    expect(json(outcome), told(outcome)).toMatchObject({ status: "done", steps: 24 });
  }, 120_000);

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18])(
    "ends with the same bytes after a kill at the change number %i of the file system",
    async (operation) => {
      const killed = project(watched(BACK));
      const outcome = await trainBad(killed, faults, `rollback:${operation}`);
      expect(outcome, told(outcome)).toMatchObject({ signal: "SIGKILL" });
      const end = await trainBad(killed, faults);
      expect(json(end), told(end)).toMatchObject({ status: "done" });
      expectSameRun(killed.run, back.run);
    },
  );
});
