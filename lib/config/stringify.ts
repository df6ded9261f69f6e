import { stringify } from "yaml";
import type { Config } from "./types.ts";

/**
 * A resolved config as YAML that `loadConfig` reads back to the same config.
 *
 * @param version the package's, kept as a comment.
 */
export function stringifyConfig(config: Config, version: string): string {
  return `# Resolved by flm-train ${version}: every key, with its value in this run.\n${stringify(config)}`;
}
