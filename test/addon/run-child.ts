import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeEngineSpec, encodeLoadPlan } from "../../lib/native/encode.ts";
import { tryLoadNative } from "../../lib/native/load.ts";
import { freshWeights, stepInput, tinySpec, writePattern } from "./tiny-engine.ts";

export interface ChildOutcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A child that hangs, or waits for its step, fails its test instead of the whole run. */
const LIMIT_MS = 30_000;
/** With the model below a step of this many micro-batches takes minutes, a single one milliseconds. */
const ENDLESS = 20_000;

const WIDER = { num_layers: 2, hidden_size: 128, ffn_hidden_size: 384, seq_length: 64 };

/**
 * Runs test/addon/children/<name>.mjs, which gets the addon's path, a spec, a load plan, a token file and the
 * pieces of a step that never ends on its own.
 */
export async function runChild(
  name: string,
  folder: string,
  options: { nodeOptions?: readonly string[]; args?: readonly string[] } = {},
): Promise<ChildOutcome> {
  const addon = tryLoadNative();
  if (addon.binding === null) throw new Error("these tests need the addon");
  const spec = tinySpec({ micro_batch_size: 4 }, WIDER);
  const files = { spec: encodeEngineSpec(spec), plan: encodeLoadPlan(freshWeights(spec)) };
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
  writePattern(join(folder, "tokens"), spec);
  const { pieces, instructions, ...rest } = stepInput(spec);
  const lists = { pieces: [...pieces], instructions: [...instructions] };
  const step = { ...rest, ...lists, num_micro_batches: ENDLESS };
  writeFileSync(join(folder, "step.json"), JSON.stringify(step));

  const script = fileURLToPath(new URL(`children/${name}.mjs`, import.meta.url));
  const { nodeOptions = [], args = [] } = options;
  const argv = [...nodeOptions, script, addon.path, folder, ...args];
  const child = spawn(process.execPath, argv, {
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text) => (stdout += text));
  child.stderr.on("data", (text) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
