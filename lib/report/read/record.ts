import type { RunEvent } from "./events.ts";

/** One entry for each logged step; NaN where the file says null or nothing. */
export interface Steps {
  step: number[];
  stage: number[];
  ramp: number[];
  tokens: number[];
  flops: number[];
  /** Spent in steps since the run's start; validation and checkpoints come on top. */
  seconds: number[];
  loss: number[];
  lr: number[];
  grad_norm: number[];
  step_ms: number[];
  tokens_per_second: number[];
  tflops: number[];
  mfu: number[];
}

/** What decides a model's size. */
export interface Shape {
  num_layers: number;
  hidden_size: number;
  num_attention_heads: number;
  num_kv_heads: number;
  ffn_hidden_size: number;
  /** Of growth events alone. */
  vocab_size?: number | undefined;
}

export interface StageFacts {
  name: string;
  shape: Shape | null;
  /** growth.depth of the growth into this stage. */
  depth: string | null;
}

/** What the report reads from `config.yaml`; all of it may be missing. */
export interface ConfigFacts {
  name: string | null;
  version: string | null;
  stages: StageFacts[];
  /** The file as it is. */
  text: string | null;
  /** Its values by dotted key, as text. */
  values: Map<string, string>;
}

export interface CheckpointFacts {
  step: number;
  tokens: number;
  flops: number;
  bytes: number;
  parameters: number;
  device: string;
  precision: string;
}

/** Everything that one run left behind, as far as it is there. */
export interface RunRecord {
  /** Absolute path. */
  directory: string;
  steps: Steps;
  events: RunEvent[];
  config: ConfigFacts;
  /** The newest one. */
  checkpoint: CheckpointFacts | null;
  /** Files that are missing or not readable, for the report to say so. */
  gaps: string[];
}
