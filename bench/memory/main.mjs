// How near `flm-train plan` comes to the memory that the ranks of real runs take: peaks of processes, less that of a run
// of next to nothing on the same mesh. Needs the built addon and dist/. Single engines: test/addon/peak-memory.slow.test.ts
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planRun } from "../../dist/plan/plan.js";
import { describeCommit } from "../step/machine.mjs";
import { readOptions } from "../support/options.mjs";
import { cases } from "./cases.mjs";
import { peakOfRun } from "./peak-of-run.mjs";

const options = readOptions("node bench/memory/main.mjs", {
  out: { value: "FILE", help: "results as JSON (default: none are written)" },
});
const MB = 1e6;
const scratch = mkdtempSync(join(tmpdir(), "flm-memory-"));
const corpus = join(scratch, "text.txt");
writeFileSync(
  corpus,
  Array.from({ length: 20_000 }, (_, i) => `line ${i} of ${i % 97}\n`).join(""),
);
const rows = [];
try {
  for (const { name, tiny, large } of cases(corpus)) {
    const [empty, full] = [await measure(tiny), await measure(large)];
    const measured = full.training - (empty.training - empty.estimate);
    const saving = full.whole - full.training;
    const { estimate } = full;
    rows.push({ name, estimate, measured, error: estimate / measured - 1, saving });
    console.log(
      `${name.padEnd(30)} planned ${(estimate / MB).toFixed(0)} MB, measured ${(measured / MB).toFixed(0)} MB: ` +
        `${(100 * (estimate / measured - 1)).toFixed(1)} %; saving takes ${(saving / MB).toFixed(0)} MB more`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (options.out)
  writeFileSync(
    options.out,
    `${JSON.stringify({ date: new Date().toISOString(), commit: describeCommit(), rows }, null, 1)}\n`,
  );

async function measure(config) {
  const [stage] = planRun(config).stages;
  const folder = mkdtempSync(join(scratch, "run-"));
  const peaks = await peakOfRun(config, folder, { ranks: stage.devices, steps: stage.steps });
  rmSync(folder, { recursive: true, force: true });
  return { ...peaks, estimate: stage.memory_bytes_per_device };
}
