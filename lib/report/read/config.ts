import { parse } from "yaml";
import type { ConfigFacts, Shape, StageFacts } from "./record.ts";

const SHAPE_KEYS = [
  "num_layers",
  "hidden_size",
  "num_attention_heads",
  "num_kv_heads",
  "ffn_hidden_size",
] as const satisfies readonly (keyof Shape)[];

type Mapping = Record<string, unknown>;

/** What a run's `config.yaml` says. Text that is no config gives its text alone. */
export function readConfigText(text: string | null): ConfigFacts {
  const root = asMapping(parsed(text ?? ""));
  const values = new Map<string, string>();
  flatten("", root, values);
  return {
    name: typeof root.name === "string" ? root.name : null,
    version: /^# Resolved by flm-train (\S+):/.exec(text ?? "")?.[1] ?? null,
    stages: Array.isArray(root.stages) ? root.stages.map(stageFacts) : [],
    text,
    values,
  };
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

function stageFacts(value: unknown, index: number): StageFacts {
  const stage = asMapping(value);
  const isComplete = SHAPE_KEYS.every((key) => typeof stage[key] === "number");
  const { depth } = asMapping(stage.growth);
  return {
    name: typeof stage.name === "string" ? stage.name : `stage-${index + 1}`,
    shape: isComplete
      ? (Object.fromEntries(SHAPE_KEYS.map((key) => [key, stage[key]])) as unknown as Shape)
      : null,
    depth: typeof depth === "string" ? depth : null,
  };
}

function flatten(path: string, value: unknown, into: Map<string, string>): void {
  if (typeof value !== "object" || value === null) {
    if (path) into.set(path, String(value));
    return;
  }
  for (const [key, inner] of Object.entries(value))
    flatten(path ? `${path}.${key}` : key, inner, into);
}

function asMapping(value: unknown): Mapping {
  return typeof value === "object" && value !== null ? (value as Mapping) : {};
}
