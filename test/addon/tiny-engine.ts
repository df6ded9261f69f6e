import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeLoadPlan } from "../../lib/native/encode.ts";
import { createEngine } from "../../lib/native/engine.ts";
import {
  type EngineSpec,
  type LoadPlan,
  type ModelShape,
  ONE_RANK,
  type ParameterSpec,
} from "../../lib/native/plans.ts";
import {
  PIECE_LAST_TARGET,
  PIECE_NEW_SEGMENT,
  type NativeEngine,
  type StepInput,
  NO_INSTRUCTIONS,
} from "../../lib/native/types.ts";

const shape: ModelShape = {
  num_layers: 1,
  hidden_size: 32,
  num_attention_heads: 2,
  num_kv_heads: 1,
  head_size: 16,
  ffn_hidden_size: 48,
  vocab_size: 64,
  seq_length: 16,
  norm: "rms_norm",
  activation: "swiglu",
  position: "rope",
  bias: false,
  tie_embeddings: false,
  norm_eps: 1e-5,
  rope_theta: 10000,
  rope_divisors: [],
  input_mult: 1,
  logit_mult: 1,
  attention_scale: 0.25,
  embedding_grad_mult: 1,
};

function parametersOf(s: ModelShape): ParameterSpec[] {
  const parameter = (name: string, rows: number, cols: number) => ({
    name,
    rows,
    cols,
    lr_mult: 1,
    weight_decay: 0,
  });
  const query = s.num_attention_heads * s.head_size;
  const keyValue = s.num_kv_heads * s.head_size;
  const layers = Array.from({ length: s.num_layers }, (_, i) => [
    parameter(`layers.${i}.norm1.gain`, 1, s.hidden_size),
    parameter(`layers.${i}.attention.q.weight`, query, s.hidden_size),
    parameter(`layers.${i}.attention.k.weight`, keyValue, s.hidden_size),
    parameter(`layers.${i}.attention.v.weight`, keyValue, s.hidden_size),
    parameter(`layers.${i}.attention.out.weight`, s.hidden_size, query),
    parameter(`layers.${i}.norm2.gain`, 1, s.hidden_size),
    parameter(`layers.${i}.ffn.gate.weight`, s.ffn_hidden_size, s.hidden_size),
    parameter(`layers.${i}.ffn.up.weight`, s.ffn_hidden_size, s.hidden_size),
    parameter(`layers.${i}.ffn.down.weight`, s.hidden_size, s.ffn_hidden_size),
  ]);
  return [
    parameter("embedding.weight", s.vocab_size, s.hidden_size),
    ...layers.flat(),
    parameter("final_norm.gain", 1, s.hidden_size),
    parameter("head.weight", s.vocab_size, s.hidden_size),
  ];
}

/** A decoder of one small layer; `overrides` replace whole fields, `shapeOverrides` those of the shape. */
export function tinySpec(
  overrides: Partial<EngineSpec> = {},
  shapeOverrides: Partial<ModelShape> = {},
): EngineSpec {
  const changed = { ...shape, ...shapeOverrides };
  const none = new Uint8Array();
  return {
    device: "cpu",
    device_index: 0,
    num_threads: 1,
    precision: "f32",
    int8_weights: false,
    shape: changed,
    micro_batch_size: 2,
    one_micro_batch: false,
    recompute: "none",
    adam_beta1: 0.9,
    adam_beta2: 0.95,
    adam_eps: 1e-8,
    clip_grad: 1,
    state_precision: "f32",
    trainable: true,
    parameters: parametersOf(changed),
    masks: { hidden: none, ffn: none, heads: none, kv_heads: none, layers: none },
    mesh: ONE_RANK,
    ...overrides,
  };
}

/** Fresh weights: gains are 1, matrices normal. */
export function freshWeights(spec: EngineSpec): LoadPlan {
  const moves = spec.parameters.map(({ name, rows, cols }) => {
    const fill = rows === 1 ? ("constant" as const) : ("normal" as const);
    return {
      tensor: name,
      kind: "master" as const,
      file: -1,
      offset: 0,
      dtype: "f32" as const,
      source_rows: 0,
      source_cols: 0,
      row_map: -1,
      col_map: -1,
      scale: 1,
      fill,
      fill_value: rows === 1 ? 1 : 1 / Math.sqrt(cols),
    };
  });
  return { seed: 1, files: [], maps: [], means: [], moves, steps: [] };
}

/** The layout of native/data/token_file.h, written without the package's own writer. */
export function tokenFileBytes(tokens: readonly number[]): Uint8Array {
  const padded = Math.ceil((2 * tokens.length) / 8) * 8;
  const bytes = Buffer.alloc(64 + padded + 16);
  bytes.write("FLMTOK1\0", 0, "latin1");
  bytes.writeUInt32LE(2, 8);
  bytes.writeUInt32LE(1, 12);
  bytes.writeBigUInt64LE(BigInt(tokens.length), 16);
  bytes.writeBigUInt64LE(1n, 24);
  tokens.forEach((token, i) => bytes.writeUInt16LE(token, 64 + 2 * i));
  bytes.writeBigUInt64LE(BigInt(tokens.length), 64 + padded + 8);
  return bytes;
}

/** A folder that `remove` deletes. */
export function temporaryFolder(): {
  path: string;
  file: (name: string) => string;
  remove(): void;
} {
  const path = mkdtempSync(join(tmpdir(), "flm-addon-"));
  return {
    path,
    file: (name) => join(path, name),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** One piece a row, each from the token file's start on. */
export function stepInput(spec: EngineSpec, microBatches = 1): StepInput {
  const rows = microBatches * spec.micro_batch_size;
  const flags = PIECE_NEW_SEGMENT | PIECE_LAST_TARGET;
  const pieces = Array.from({ length: rows }, (_, row) => [
    row,
    0,
    row % 8,
    spec.shape.seq_length,
    flags,
  ]);
  return {
    pieces: Float64Array.from(pieces.flat()),
    num_micro_batches: microBatches,
    lr: 0.01,
    ramp: { hidden: 1, ffn: 1, heads: 1, layers: 1 },
    instructions: NO_INSTRUCTIONS,
    stop: false,
    max_loss: Infinity,
    max_grad_norm: Infinity,
    row_weights: new Float64Array(),
    loss: 0,
  };
}

/** A token file long enough for `stepInput`: a short pattern again and again, which is easy to learn. */
export function writePattern(path: string, spec: EngineSpec): void {
  const length = spec.shape.seq_length + 16;
  writeFileSync(path, tokenFileBytes(Array.from({ length }, (_, i) => (i * 7) % 5)));
}

/** An engine with fresh weights and the pattern as its token file 0. */
export async function readyEngine(spec: EngineSpec, tokenFile: string): Promise<NativeEngine> {
  writePattern(tokenFile, spec);
  const engine = await createEngine(spec);
  await engine.load(encodeLoadPlan(freshWeights(spec)));
  await engine.openTokenFiles([tokenFile]);
  return engine;
}
