import { FlmError } from "../errors.ts";
import { checkConfig } from "./check.ts";
import { summarise, toIssue } from "./finding.ts";
import type { Config, UserConfig } from "./types.ts";

export interface ResolveOptions {
  /** What relative paths are relative to; the working directory by default. */
  cwd?: string;
}

/**
 * Checks a config and fills in everything that was left out.
 *
 * @throws FlmError CONFIG_INVALID with all issues
 */
export function resolveConfig(user: UserConfig, options: ResolveOptions = {}): Config {
  const { config, findings } = checkConfig(user, options.cwd ?? process.cwd());
  if (config !== undefined) return config;
  const issues = findings.map((finding) => toIssue(finding));
  throw new FlmError("CONFIG_INVALID", summarise("config", issues), { issues });
}
