import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Changes, SMALL, STEP_TOKENS } from "../../e2e/support/project.ts";

const STAGE_TOKENS = 8 * STEP_TOKENS;
const parallel = { tensor_parallel_size: 2, data_parallel_size: 2 };

/** Two stages of 8 steps on two times two ranks, with growth between them; checkpoints at 3, 6, 8 (boundary), 9, … */
export const MESHED: Changes = {
  growth: { depth: "stack", width: "mask", ramp_steps: 5 },
  stages: [
    { ...SMALL, micro_batch_size: 1, tokens: STAGE_TOKENS, parallel },
    {
      num_layers: 4,
      hidden_size: 64,
      num_attention_heads: 4,
      micro_batch_size: 1,
      tokens: STAGE_TOKENS,
      parallel,
    },
  ],
  checkpoint: { interval_steps: 3, keep: 2 },
};

/** Ranks of MESHED. */
export const WORLD = 4;

/** Makes MESHED's second stage longer than any test waits. */
export const ENDLESS = ["--set", "stages.1.tokens=1M"];

export const MAIN = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

/** What ranks on several machines need; a path. */
export function writeSecret(directory: string): string {
  const path = join(directory, "secret");
  writeFileSync(path, "0123456789abcdef0123456789abcdef", { mode: 0o600 });
  return path;
}
