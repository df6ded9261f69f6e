import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../lib/config/load.ts";
import { succeed } from "./support/cli.ts";
import { events } from "./support/run-files.ts";

// What the heads of the examples tell a reader to type, as it stands there. Shapes, objectives and data are the examples'
// own; only what is trained is short.
const ROOT = join(import.meta.dirname, "../..");
const LIMIT_MS = 240_000;

/** A clone: the examples, and documents where the installed packages have theirs. */
function clone(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "flm-examples-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  cpSync(join(ROOT, "examples"), join(directory, "examples"), { recursive: true });
  cpSync(join(ROOT, "docs"), join(directory, "node_modules/docs"), { recursive: true });
  const types = "node_modules/commander/typings";
  cpSync(join(ROOT, types), join(directory, types), { recursive: true });
  return directory;
}

/** The configs of the commands in the comment that an example begins with, in order. */
function commandsOf(name: string): string[] {
  const text = readFileSync(join(ROOT, "examples", name), "utf8");
  const head = text.slice(0, text.search(/^[^#]/m));
  return [...head.matchAll(/^#\s+npx flm-train (\S+)$/gm)].map(([, config]) => config!);
}

/** Three steps a stage. */
function short(path: string): string[] {
  const { config } = loadConfig(path);
  const { seq_length } = config.stages[0]!;
  const keys = { global_batch_size: 4, tokens: 3 * 4 * seq_length, warmup_steps: 1 };
  const sets = config.stages.flatMap((_, i) =>
    Object.entries(keys).map(([key, value]) => `stages.${i}.${key}=${value}`),
  );
  return [...sets, "growth.ramp_steps=1", "eval.sample_tokens=4"].flatMap((set) => ["--set", set]);
}

it.each([
  ["dpo.yaml", ["quickstart", "instruct", "dpo"]],
  ["freelm.yaml", ["freelm"]],
  ["grow-depth-wsd.yaml", ["grow-depth-wsd"]],
])(
  "%s runs by the commands at its head",
  async (name, runs) => {
    const directory = clone();
    const configs = commandsOf(name);
    expect(configs).toEqual(runs.map((run) => `examples/${run}.yaml`));
    for (const [i, config] of configs.entries()) {
      await succeed([config, ...short(join(ROOT, config))], { cwd: directory });
      const run = join(directory, "runs", runs[i]!);
      expect(events(run, "done")).toMatchObject([{ status: "done" }]);
      const stages = loadConfig(join(ROOT, config)).config.stages.length;
      expect(events(run, "growth")).toHaveLength(stages - 1);
      const measured = runs[i] === "dpo" ? "preference" : "validation";
      expect(events(run, measured).length).toBeGreaterThan(0);
    }
  },
  LIMIT_MS,
);
