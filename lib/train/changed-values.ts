import { existsSync } from "node:fs";
import { parseYaml } from "../config/yaml-source.ts";
import type { Checkpoint } from "../checkpoint/store.ts";
import { FlmError } from "../errors.ts";
import type { Config } from "../config/types.ts";
import { readText } from "../read-text.ts";
import type { RunDirectory } from "./run-directory.ts";

/**
 * What a resumed run is going to do otherwise than its config.yaml has said, "stages.1.lr 0.0004 → 0.001" each. Keys that
 * only one of them has belong to a stage that was added, or to another version; finished stages make no more steps.
 */
export function changedValues(
  directory: RunDirectory,
  config: Config,
  { manifest }: Checkpoint,
): string[] {
  const before = leaves(configOf(directory));
  const after = leaves(config);
  const ofFinished = (key: string) => Number(/^stages\.(\d+)\./.exec(key)?.[1]) < manifest.stage;
  return [...after]
    .filter(([key, value]) => before.has(key) && before.get(key) !== value && !ofFinished(key))
    .map(([key, value]) => `${key} ${before.get(key)} → ${value}`);
}

function configOf({ config }: RunDirectory): object {
  if (!existsSync(config)) return {};
  try {
    return parseYaml(readText(config), config).value;
  } catch (error) {
    // Somebody's hand was in it, or a crash has left it empty: what it said is not known.
    if (error instanceof FlmError && error.code === "CONFIG_INVALID") return {};
    throw error;
  }
}

/** Values as JSON, by dotted key. */
function leaves(value: object, prefix = ""): Map<string, string> {
  return new Map(
    Object.entries(value).flatMap(([key, inner]): [string, string][] =>
      typeof inner === "object" && inner !== null
        ? [...leaves(inner, `${prefix}${key}.`)]
        : [[prefix + key, JSON.stringify(inner)]],
    ),
  );
}
