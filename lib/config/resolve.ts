import { FlmError } from "../errors.ts";
import { checkConfig } from "./check.ts";
import { summarise, toIssue } from "./finding.ts";
import type { Config, UserConfig } from "./types.ts";

export interface ResolveOptions {
  /** What relative paths are relative to; the working directory by default. */
  cwd?: string;
  /**
   * "allow" lets features pass that are planned but not there yet, for callers that only look at
   * the config (`flm-train plan`). By default they are errors.
   */
  unsupported?: "refuse" | "allow";
}

/**
 * Checks a config and fills in everything that was left out.
 *
 * @throws FlmError CONFIG_INVALID with all issues, or NOT_SUPPORTED when the only ones are features
 *   that are not there yet.
 */
export function resolveConfig(user: UserConfig, options: ResolveOptions = {}): Config {
  const { config, findings } = checkConfig(user, options.cwd ?? process.cwd());
  if (config !== undefined && (findings.length === 0 || options.unsupported === "allow"))
    return config;
  const issues = findings.map((finding) => toIssue(finding));
  throw new FlmError(config ? "NOT_SUPPORTED" : "CONFIG_INVALID", summarise("config", issues), {
    issues,
  });
}
