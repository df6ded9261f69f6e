import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { type Project, project, sharedProject } from "./support/project.ts";
import { checkpoints, events, latest, manifest, metrics, state } from "./support/run-files.ts";
import { snapshot } from "./support/snapshot.ts";

const SHARD = "shard-00001-of-00001.safetensors";

const unbroken = sharedProject();

beforeAll(async () => {
  await succeed(["config.yaml"], { cwd: unbroken.directory });
}, 120_000);

const DAMAGE: [string, (checkpoint: string) => void, RegExp][] = [
  ["a shard that is cut off", (at) => truncateSync(join(at, SHARD), 1000), /has 1000 bytes/],
  ["a shard with one bit changed", flipBit, /has hash \w+/],
  ["a shard that is missing", (at) => rmSync(join(at, SHARD)), /is missing/],
  ["a manifest that is cut off", (at) => truncateSync(join(at, "manifest.json"), 99), /not JSON/],
  ["a manifest with another number", changeTokens, /not have the hash that it states/],
  ["a manifest that is missing", (at) => rmSync(join(at, "manifest.json")), /no manifest/],
];

function flipBit(checkpoint: string): void {
  const path = join(checkpoint, SHARD);
  const bytes = readFileSync(path);
  bytes[bytes.length - 100]! ^= 4;
  writeFileSync(path, bytes);
}

function changeTokens(checkpoint: string): void {
  const path = join(checkpoint, "manifest.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"tokens":', '"tokens":1'));
}

/** Trained to the end, with its checkpoints of steps 4, 8 and 12. */
async function trained(): Promise<Project> {
  const made = project();
  await succeed(["config.yaml"], { cwd: made.directory });
  return made;
}

describe("the newest checkpoint is damaged", () => {
  it.each(DAMAGE)("%s: the one before is taken, which is said", async (_, damage, reason) => {
    const { directory, run } = await trained();
    const damaged = latest(run);
    damage(damaged);
    const { stderr } = await succeed(["config.yaml"], { cwd: directory });
    expect(stderr).toContain(`passed over ${damaged}`);
    expect(events(run, "resume")).toMatchObject([{ step: 8 }]);
    const [{ message } = {}] = events(run, "warning");
    expect(message).toContain(`passed over ${damaged}`);
    expect(message).toMatch(reason);
    expect(checkpoints(run)).toContain("step-00000012.e0002");
    expect(state(latest(run))).toEqual(state(latest(unbroken.run)));
    expect(metrics(run)).toEqual(metrics(unbroken.run));
    expect(manifest(latest(run)).parent).toBe(join(run, "checkpoints", "step-00000008.e0001"));
  });
});

describe("every checkpoint is damaged", () => {
  it("is refused with each reason, touches nothing, and --fresh starts over", async () => {
    const { directory, run } = await trained();
    for (const name of checkpoints(run)) truncateSync(join(run, "checkpoints", name, SHARD), 5);
    const before = snapshot(run);
    await expectFailure(
      ["config.yaml"],
      { cwd: directory },
      {
        exit: 65,
        code: "CHECKPOINT_INVALID",
        says: ["step-00000012.e0001", "step-00000008.e0001", "step-00000004.e0001", "5 bytes"],
        remedy: "--fresh",
      },
    );
    expect(snapshot(run)).toEqual(before);
    await succeed(["config.yaml", "--fresh"], { cwd: directory });
    expect(snapshot(`${run}.old-1`)).toEqual(before);
    expect(metrics(run)).toEqual(metrics(unbroken.run));
  });
});

describe("metrics that have lost a row", () => {
  it("are gone on with, which is said once", async () => {
    const { directory, run } = await trained();
    const path = join(run, "metrics.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace(/^{"step":5,.*\n/m, ""));
    const { stderr } = await succeed(["config.yaml"], { cwd: directory });
    expect(stderr).toContain("metrics.jsonl has 11 rows up to step 12, it had 12");
    expect(events(run, "warning")).toHaveLength(1);
  });
});
