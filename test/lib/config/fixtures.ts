import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { UserConfig } from "../../../lib/config/types.ts";
import { failure } from "../failure.ts";

export { failure };

type UserStage = UserConfig["stages"][number];

/** 4 layers of 64 with 4 heads; 100 steps of 8 sequences of 32 tokens. */
export const STAGE: UserStage = {
  num_layers: 4,
  hidden_size: 64,
  num_attention_heads: 4,
  tokens: 25_600,
  seq_length: 32,
  global_batch_size: 8,
};

/** The smallest sensible config, with stages that differ from `STAGE` as given. */
export function userConfig(
  stages: readonly Partial<UserStage>[] = [{}],
  rest: Partial<UserConfig> = {},
): UserConfig {
  return {
    name: "test",
    data: { sources: [{ path: "text.txt" }] },
    stages: stages.map((stage) => ({ ...STAGE, ...stage })),
    ...rest,
  };
}

/** Writes `text`, or bytes, to a config file that lives as long as the test. */
export function configFile(text: string | Buffer): string {
  const directory = mkdtempSync(join(tmpdir(), "flm-config-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "config.yaml");
  writeFileSync(path, text);
  return path;
}

/** Paths of the issues that `action` is refused with. */
export function issuePaths(action: () => unknown): string[] {
  return failure(action).issues.map((issue) => issue.path);
}
