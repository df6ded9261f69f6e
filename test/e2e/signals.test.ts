import { existsSync, readdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { flm, json, MAIN, start, startNode, startProgram, succeed } from "./support/cli.ts";
import { corpus } from "./support/corpus.ts";
import { type Changes, project, SMALL, STEP_TOKENS, yaml, tinyConfig } from "./support/project.ts";
import { checkpoints, events, latest, metrics, state } from "./support/run-files.ts";
import { stepsDone, until } from "./support/watch.ts";

/** More steps than any test waits for; the rate does not depend on how many there are. */
const ENDLESS: Changes = {
  schedule: { type: "constant" },
  stages: [{ ...SMALL, tokens: 1e6 * STEP_TOKENS }],
  eval: { interval_steps: 1e6 },
};

/** One step of minutes, made of thousands of micro-batches. */
const ONE_LONG_STEP: Changes = {
  model: { family: "llama", seq_length: 512 },
  stages: [
    {
      num_layers: 4,
      hidden_size: 256,
      num_attention_heads: 4,
      global_batch_size: 4096,
      micro_batch_size: 1,
      warmup_steps: 0,
      tokens: 1e9,
    },
  ],
};

/** Nobody tells of a process whose parent has gone. */
const WAIT = { interval: 5, timeout: 60_000 };

const ENDS = [
  { signal: "SIGINT", code: 130, status: "interrupted" },
  { signal: "SIGTERM", code: 75, status: "preempted" },
] as const;

describe.each(ENDS)("$signal", ({ signal, code, status }) => {
  it(`ends with ${code} and a checkpoint of the step reached, and resumes to the same bytes`, async () => {
    const { directory, run, path } = project(ENDLESS);
    const running = start(["config.yaml", "--json"], { cwd: directory });
    await until(running, () => stepsDone(run) >= 3);
    running.child.kill(signal);
    const outcome = await running.outcome;
    expect(outcome).toMatchObject({ code, signal: null });
    const steps = stepsDone(run);
    expect(json(outcome)).toMatchObject({ status, steps, run_dir: run, checkpoint: latest(run) });
    expect(checkpoints(run).at(-1)).toBe(`step-${String(steps).padStart(8, "0")}.e0001`);
    expect(events(run).at(-1)).toMatchObject({ type: "done", step: steps, status });

    const longer = ["config.yaml", "--set", `stages.0.tokens=${(steps + 5) * STEP_TOKENS}`];
    await succeed(longer, { cwd: directory });
    await succeed([...longer, "--out", "unbroken"], { cwd: directory });
    expect(state(latest(run))).toEqual(state(latest(path("unbroken"))));
    expect(metrics(run)).toEqual(metrics(path("unbroken")));
  });

  it("given twice ends at once, in the middle of a step", async () => {
    const { directory, run } = project(ONE_LONG_STEP);
    const running = start(["config.yaml"], { cwd: directory });
    let said = "";
    running.child.stderr.on("data", (text) => (said += text));
    await until(running, () => said.includes("baseline"));
    running.child.kill(signal);
    await until(running, () => said.includes("again to stop at once"));
    // Sooner it is taken for the first one.
    await setTimeout(400);
    running.child.kill(signal);
    expect(await running.outcome).toMatchObject({ code, signal: null });
    expect(stepsDone(run)).toBe(0);
  });

  it("while the data are prepared keeps what has been made for the next run alone", async () => {
    const { directory, run, path, write } = project();
    // Distinct documents, enough of them for a while.
    const documents = Array.from({ length: 200 }, (_, i) => corpus(80, i));
    write("large.jsonl", documents.join(""));
    write("config.yaml", yaml(tinyConfig({ data: { sources: [{ path: "large.jsonl" }] } })));
    const running = start(["config.yaml", "--json"], { cwd: directory });
    const cache = path(".flm-cache");
    await until(running, () => existsSync(cache) && readdirSync(cache).length > 0);
    running.child.kill(signal);
    const outcome = await running.outcome;
    expect(outcome).toMatchObject({ code });
    expect(json(outcome)).toMatchObject({ status, steps: 0, checkpoint: null, run_dir: run });
    expect(readdirSync(cache)).toEqual([expect.stringMatching(/^tmp-/)]);
    expect(await flm(["config.yaml"], { cwd: directory })).toMatchObject({ code: 0 });
    expect(readdirSync(cache)).toEqual([expect.not.stringMatching(/^tmp-/)]);
  });
});

describe("npm's end", () => {
  it("saves and ends what npm has started, and the next start goes on from there", async () => {
    const { directory, run } = project(ENDLESS);
    const command = `"${process.execPath}" "${MAIN}" config.yaml; :`;
    const npm = `process.title = "npm exec flm-train";
      require("child_process").spawnSync("sh", ["-c", ${JSON.stringify(command)}], { stdio: "inherit" });`;
    const running = startNode(["-e", npm], { cwd: directory, env: { npm_command: "exec" } });
    await until(running, () => stepsDone(run) >= 3);
    running.child.kill("SIGKILL");
    const next = start(["config.yaml"], { cwd: directory });
    await running.outcome;
    const done = events(run).findLast(({ type }) => type === "done");
    expect(done).toMatchObject({ status: "preempted" });
    await until(next, () => stepsDone(run) > Number(done!.step));
    next.child.kill("SIGTERM");
    expect(await next.outcome).toMatchObject({ code: 75 });
  });
});

describe("SIGHUP", () => {
  it("saves and ends what was typed into the terminal that is gone", async () => {
    const { directory, run } = project(ENDLESS);
    const command = `"${process.execPath}" "${MAIN}" config.yaml`;
    const terminal = startProgram(["script", "-qc", command, "/dev/null"], { cwd: directory });
    await until(terminal, () => stepsDone(run) >= 3);
    terminal.child.kill("SIGKILL");
    await terminal.outcome;
    await vi.waitUntil(() => events(run).some(({ type }) => type === "done"), WAIT);
    expect(events(run).at(-1)).toMatchObject({ status: "preempted", step: stepsDone(run) });
    expect(checkpoints(run)).toHaveLength(1);
  });

  it("is nothing to a run without a terminal", async () => {
    const { directory, run } = project(ENDLESS);
    const running = start(["config.yaml"], { cwd: directory });
    await until(running, () => stepsDone(run) >= 3);
    running.child.kill("SIGHUP");
    const steps = stepsDone(run);
    await until(running, () => stepsDone(run) >= steps + 100);
    running.child.kill("SIGTERM");
    expect(await running.outcome).toMatchObject({ code: 75 });
  });
});
