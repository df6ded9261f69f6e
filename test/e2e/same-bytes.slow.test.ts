import { beforeAll, describe, expect, it } from "vitest";
import { succeed } from "./support/cli.ts";
import { project, sharedProject, SMALL } from "./support/project.ts";
import { latest, metrics, state } from "./support/run-files.ts";

const changes = {
  stages: [SMALL, { ...SMALL, num_layers: 3, hidden_size: 48, num_attention_heads: 3 }],
};
const expected = sharedProject(changes);

beforeAll(async () => {
  await succeed(["config.yaml"], { cwd: expected.directory });
}, 120_000);

describe("the same config trains to the same bytes", () => {
  it.each<[string, string[], Record<string, string>]>([
    ["a second time, in another place", [], {}],
    ["on two threads", [], { FLM_THREADS: "2" }],
    ["with recomputation", ["--set", "stages.0.parallel.recompute=full"], {}],
    ["with other checkpoints, validations and logs", ["--set", "checkpoint.interval_steps=5"], {}],
  ])("%s", async (_, args, env) => {
    const { directory, run } = project(changes);
    await succeed(["config.yaml", ...args], { cwd: directory, env });
    expect(state(latest(run))).toEqual(state(latest(expected.run)));
    const losses = (path: string) => metrics(path).map(({ step, loss }) => [step, loss]);
    expect(losses(run)).toEqual(losses(expected.run));
  });
});
