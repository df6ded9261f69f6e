import { counted } from "../../format.ts";
import type { Report } from "../finding.ts";
import { stepsOf } from "../steps.ts";
import type { StageConfig } from "../types.ts";
import type { Rule } from "./rule.ts";

const DIMENSIONS = [
  "num_layers",
  "hidden_size",
  "ffn_hidden_size",
  "num_attention_heads",
  "num_kv_heads",
] as const;

/** What a stage may do to the model that the one before hands over. */
export const growthRules: Rule = ({ stages }, report) => {
  for (let i = 1; i < stages.length; i++) {
    const [before, after] = [stages[i - 1]!, stages[i]!];
    const shrunk = DIMENSIONS.filter((key) => after[key] < before[key]);
    for (const key of shrunk)
      report(
        ["stages", i, key],
        `would shrink from ${before[key]} (${before.name}) to ${after[key]} (${after.name})`,
        `use ${before[key]} or more`,
      );
    if (shrunk.length === 0) checkHeads(before, after, i, report);
    const grows = DIMENSIONS.some((key) => after[key] > before[key]);
    const steps = stepsOf(after);
    const ramp = after.growth.ramp_steps;
    if (grows && ramp > 0 && ramp >= steps)
      report(
        ["stages", i, "growth", "ramp_steps"],
        `${ramp} does not fit into the stage's ${counted(steps, "step")}`,
        `use at most ${steps - 1}, or give the stage more tokens`,
      );
  }
};

/**
 * Old query heads must keep the KV head they read. That holds when whole groups are added at the
 * old ratio, or when queries join the groups that are there.
 */
function checkHeads(before: StageConfig, after: StageConfig, index: number, report: Report): void {
  const [oldHeads, oldKv] = [before.num_attention_heads, before.num_kv_heads];
  const [newHeads, newKv] = [after.num_attention_heads, after.num_kv_heads];
  if (newKv === oldKv || newHeads * oldKv === oldHeads * newKv) return;
  report(
    ["stages", index, "num_kv_heads"],
    `${oldHeads} query heads on ${oldKv} KV heads cannot grow to ${newHeads} on ${newKv}: both counts and their ratio change`,
    `keep ${oldKv} KV heads, or keep ${oldHeads / oldKv} query heads to a KV head`,
  );
}
