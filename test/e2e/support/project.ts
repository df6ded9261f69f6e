import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, onTestFinished } from "vitest";
import type { UserConfig } from "../../../lib/config/types.ts";
import { corpus } from "./corpus.ts";

export type Changes = Partial<UserConfig>;

/** A user's working directory: a corpus and a config. */
export interface Project {
  directory: string;
  /** `runs/tiny`, where the config trains. */
  run: string;
  path(name: string): string;
  write(name: string, content: string): string;
}

/** Lives as long as the running test. */
export function project(changes: Changes = {}): Project {
  const created = create(changes);
  onTestFinished(() => remove(created.directory));
  return created;
}

/** Lives as long as the file's tests; for what several of them only read. */
export function sharedProject(changes: Changes = {}): Project {
  const created = create(changes);
  afterAll(() => remove(created.directory));
  return created;
}

function create(changes: Changes): Project {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "flm-e2e-")));
  const path = (name: string) => join(directory, name);
  const write = (name: string, content: string) => {
    writeFileSync(path(name), content);
    return path(name);
  };
  write("corpus.jsonl", corpus());
  write("config.yaml", yaml(tinyConfig(changes)));
  return { directory, run: path(join("runs", "tiny")), path, write };
}

function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** JSON is YAML. */
export function yaml(config: object): string {
  return JSON.stringify(config, null, 2);
}

/** Tokens of one step of the config below. */
export const STEP_TOKENS = 4 * 32;

export const SMALL = {
  num_layers: 2,
  hidden_size: 32,
  num_attention_heads: 2,
  global_batch_size: 4,
  warmup_steps: 2,
  tokens: 12 * STEP_TOKENS,
};

/** Trains for a second at most. f32, so that equal is equal on every processor. */
export function tinyConfig(changes: Changes = {}): UserConfig {
  return {
    name: "tiny",
    device: "cpu",
    precision: "f32",
    model: { family: "llama", seq_length: 32 },
    data: { sources: [{ path: "corpus.jsonl" }], validation: { fraction: 0.1 } },
    optimizer: { lr: 3e-3 },
    stages: [SMALL],
    checkpoint: { interval_steps: 4 },
    ...changes,
  };
}
