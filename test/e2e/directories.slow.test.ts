import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flm, json, start, succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { project, SMALL, STEP_TOKENS } from "./support/project.ts";
import { checkpoints, events, latest, metrics, state } from "./support/run-files.ts";
import { snapshot } from "./support/snapshot.ts";
import { stepsDone, until } from "./support/watch.ts";

describe("the run's directory", () => {
  it("is runs/<name>, or what --out says; --set changes what is trained", async () => {
    const { directory, path } = project();
    const sets = ["--set", "seed=5", "--set", `stages.0.tokens=${3 * STEP_TOKENS}`];
    const out = ["--out", "elsewhere/mine"];
    const outcome = await succeed(["config.yaml", "--json", ...sets, ...out], { cwd: directory });
    expect(json(outcome)).toMatchObject({
      status: "done",
      steps: 3,
      tokens: 3 * STEP_TOKENS,
      run_dir: path("elsewhere/mine"),
      checkpoint: path("elsewhere/mine/checkpoints/step-00000003.e0001"),
    });
    expect(existsSync(path("runs"))).toBe(false);
    expect(readFileSync(path("elsewhere/mine/config.yaml"), "utf8")).toMatch(/^seed: 5$/m);
  });

  it("holds what was trained with: its config makes the same run again", async () => {
    const { directory, run, path } = project();
    await succeed(["config.yaml"], { cwd: directory });
    await succeed([join(run, "config.yaml"), "--out", path("again")], { cwd: "/" });
    expect(state(latest(path("again")))).toEqual(state(latest(run)));
    expect(readdirSync(run).sort()).toEqual([
      "checkpoints",
      "config.yaml",
      "data-files.json",
      "events.jsonl",
      "metrics.jsonl",
      "report.html",
      "tensorboard",
    ]);
  });

  it("is not one that holds somebody's config", async () => {
    const { directory, path } = project();
    const before = snapshot(directory);
    await expectFailure(
      ["config.yaml", "--out", "."],
      { cwd: directory },
      { exit: 64, code: "USAGE", says: [path("config.yaml")], remedy: "--out" },
    );
    expect(snapshot(directory)).toEqual(before);
  });

  it("is renamed by --fresh, never overwritten", async () => {
    const { directory, run } = project();
    await succeed(["config.yaml"], { cwd: directory });
    const first = snapshot(run);
    await succeed(["config.yaml", "--fresh", "--set", "seed=2"], { cwd: directory });
    const second = snapshot(run);
    await succeed(["config.yaml", "--fresh"], { cwd: directory });
    expect(snapshot(`${run}.old-1`)).toEqual(first);
    expect(snapshot(`${run}.old-2`)).toEqual(second);
    expect(metrics(run)).toEqual(metrics(`${run}.old-1`));
    expect(metrics(run)).not.toEqual(metrics(`${run}.old-2`));
  });

  it("is refused while another process trains in it, with --fresh too", async () => {
    const endless = { ...SMALL, tokens: 1e6 * STEP_TOKENS };
    const { directory, run } = project({ stages: [endless], eval: { interval_steps: 1e6 } });
    const running = start(["config.yaml"], { cwd: directory });
    await until(running, () => stepsDone(run) >= 1);
    for (const fresh of [[], ["--fresh"]])
      await expectFailure(
        ["config.yaml", ...fresh],
        { cwd: directory },
        {
          exit: 78,
          code: "ENVIRONMENT",
          says: [`process ${running.child.pid} is training in ${run}`],
          remedy: "--out",
        },
      );
    running.child.kill("SIGINT");
    expect(await running.outcome).toMatchObject({ code: 130 });
    expect(readdirSync(join(run, ".."))).toEqual(["tiny"]);
  });

  it("is free again after a crash, whoever has the process's number now", async () => {
    const { directory, run } = project();
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, "lock"), `${process.pid} 1`);
    expect(await flm(["config.yaml"], { cwd: directory })).toMatchObject({ code: 0 });
  });

  it.each([
    ["corpus.jsonl/run", /corpus\.jsonl\/run/, "choose another"],
    ["/proc/run", /\/proc\/run/, "check the path"],
  ])("that cannot be made is refused: %s", async (out, says, remedy) => {
    const { directory } = project();
    const args = ["config.yaml", "--out", out];
    await expectFailure(args, { cwd: directory }, { exit: 74, code: "IO", says: [says], remedy });
  });
});

describe("a finished run", () => {
  it("ends at once with the same result", async () => {
    const { directory, run } = project();
    const first = json(await succeed(["config.yaml", "--json"], { cwd: directory }));
    const before = { metrics: metrics(run), checkpoints: snapshot(join(run, "checkpoints")) };
    const again = json(await succeed(["config.yaml", "--json"], { cwd: directory }));
    const timeless = { tokens_per_second: 0 };
    expect({ ...again, ...timeless }).toEqual({ ...first, ...timeless });
    expect({ metrics: metrics(run), checkpoints: snapshot(join(run, "checkpoints")) }).toEqual(
      before,
    );
    expect(events(run, "validation")).toHaveLength(1);
  });

  it("goes on when its last stage gets more tokens, or another stage follows", async () => {
    const { directory, run } = project();
    await succeed(["config.yaml"], { cwd: directory });
    const finished = metrics(run);
    const more = { ...SMALL, tokens: 15 * STEP_TOKENS };
    const next = { ...SMALL, num_layers: 4, tokens: 5 * STEP_TOKENS };
    const set = (stages: object[]) => ["--set", `stages=${JSON.stringify(stages)}`];
    await succeed(["config.yaml", ...set([more])], { cwd: directory });
    expect(metrics(run).slice(0, 12)).toEqual(finished);
    expect(metrics(run).at(-1)).toMatchObject({ step: 15, stage: 0 });
    await succeed(["config.yaml", ...set([more, next])], { cwd: directory });
    expect(metrics(run).at(-1)).toMatchObject({ step: 20, stage: 1 });
    expect(events(run, "growth")).toMatchObject([{ step: 15, preserving: true }]);
    expect(checkpoints(run).at(-1)).toBe("step-00000020.e0003");
  });
});
