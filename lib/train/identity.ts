import { DATA_IDENTITY } from "../checkpoint/manifest.ts";
import type { Config } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import type { Json } from "../json.ts";

/** By dotted key: what a resumed run may not change, because the steps already taken depend on it. */
export type Identity = Record<string, Json>;

const SHAPE_KEYS = [
  "num_layers",
  "hidden_size",
  "num_attention_heads",
  "num_kv_heads",
  "ffn_hidden_size",
  "seq_length",
] as const;

/** Checkpoints of earlier versions do not have them. */
const LATER_KEYS = /^stages\.\d+\.(global_batch_size|lr|warmup_steps)$/;
const RATE = /^stages\.\d+\.lr$/;
/** The rate of a finished stage that had none of its own: it may change for the stages to come. */
const RUNS_RATE = "optimizer.lr";
/** Where files are. Wherever they are, the fingerprint says what they hold; a moved directory goes on. */
const LOCATION = /^(data\.sources\.\d+|tokenizer)\.path\b/;

/** `stage` is the stage that the run has reached; later stages may still change. */
export function identityOf(config: Config, stage: number, dataFingerprint: string): Identity {
  const identity: Identity = { seed: config.seed };
  if (config.init.from !== null) flatten("init", config.init, identity);
  const { rope_scaling, ...model } = config.model;
  flatten("model", model, identity);
  // Checkpoints from before there was this key do not have it.
  if (rope_scaling !== null) flatten("model.rope_scaling", rope_scaling, identity);
  flatten("tokenizer", config.tokenizer, identity);
  flatten("objective", config.objective, identity);
  const { cache_dir: _, ...data } = config.data;
  flatten("data", data, identity);
  for (let i = 0; i <= stage; i++) {
    const { [i]: at } = config.stages;
    for (const key of SHAPE_KEYS) identity[`stages.${i}.${key}`] = at![key];
    identity[`stages.${i}.weights`] = at!.weights;
    // Checkpoints from before there was this key do not have it.
    if (at!.vocab_size !== null) identity[`stages.${i}.vocab_size`] = at!.vocab_size;
    // The steps taken are counted in it: with another one, what is left of the stage would be too much or too little.
    identity[`stages.${i}.global_batch_size`] = at!.global_batch_size;
    if (i < stage) {
      // How long a finished stage was decides where the next one began.
      identity[`stages.${i}.tokens`] = at!.tokens;
      // With another rate the run's config.yaml would tell of one that no step had.
      identity[`stages.${i}.lr`] = at!.lr === config.optimizer.lr ? RUNS_RATE : at!.lr;
      identity[`stages.${i}.warmup_steps`] = at!.warmup_steps;
    }
    if (i > 0) flatten(`stages.${i}.growth`, at!.growth, identity);
  }
  identity[DATA_IDENTITY] = dataFingerprint;
  return identity;
}

/**
 * @param changedFiles what is known of the reason where the data differ
 * @throws FlmError CONFIG_CHANGED listing every difference.
 */
export function checkIdentity(
  saved: Identity,
  now: Identity,
  directory: string,
  changedFiles: readonly string[] = [],
): void {
  const keys = new Set([...Object.keys(saved), ...Object.keys(now)]);
  const isSameData = saved[DATA_IDENTITY] === now[DATA_IDENTITY];
  const changes = [...keys]
    .filter((key) => !(isSameData && LOCATION.test(key)))
    .filter((key) => !(saved[key] === undefined && LATER_KEYS.test(key)))
    .filter((key) => !(now[key] === RUNS_RATE && RATE.test(key)))
    .filter((key) => JSON.stringify(saved[key]) !== JSON.stringify(now[key]))
    .map((key) => `${key} was ${show(saved[key])}, now is ${show(now[key])}`);
  if (changes.length === 0) return;
  if (!isSameData) changes.push(...changedFiles);
  throw new FlmError(
    "CONFIG_CHANGED",
    `the run in ${directory} was started with something else:\n  ${changes.join("\n  ")}`,
    {
      hint: "restore these, or choose another directory with --out, or start over with --fresh (the old directory is kept)",
    },
  );
}

function show(value: Json | undefined): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}

function flatten(prefix: string, value: object, into: Identity): void {
  for (const [key, inner] of Object.entries(value)) {
    const path = `${prefix}.${key}`;
    if (typeof inner === "object" && inner !== null) flatten(path, inner, into);
    else into[path] = inner as Json;
  }
}
