import { stringify } from "yaml";
import type { Config } from "./types.ts";

const MARK = "# Resolved by flm-train ";

/** True for the text of a run's config, also where a crash has left nothing of it; false for what somebody wrote. */
export function isResolved(text: string): boolean {
  return text.startsWith(MARK) || text.trim() === "";
}

/**
 * A resolved config as YAML that `loadConfig` reads back to the same config.
 *
 * @param version the package's, kept as a comment.
 */
export function stringifyConfig(config: Config, version: string): string {
  return `${MARK}${version}: every key, with its value in this run.\n${stringify(config)}`;
}
