import { createHash } from "node:crypto";
import * as z from "zod";
import { FlmError } from "../errors.ts";
import { byteLength } from "./safetensors.ts";

/** The manifest's own format; a reader refuses one that it does not know. */
export const FORMAT = 1;

/** The key of `identity` that holds the fingerprint of the tokenized data. */
export const DATA_IDENTITY = "the tokenized data";

const count = z.int().min(0);

const fileSchema = z.strictObject({
  /** A plain name: a manifest never leads out of its directory. */
  name: z.string().regex(/^(?!\.{1,2}$)[^/\\\0]+$/, "must be the name of a file in the checkpoint"),
  size: count,
  xxh64: z.string().regex(/^[0-9a-f]{16}$/),
});

const tensorSchema = z.strictObject({
  name: z.string().min(1),
  kind: z.enum(["master", "exp_avg", "exp_avg_sq"]),
  dtype: z.enum(["f32", "bf16", "f64"]),
  rows: count,
  cols: count,
  /** Name of the shard, and the byte of the first element in it. */
  file: z.string().min(1),
  offset: count,
});

const growthEventSchema = z.strictObject({
  stage: count,
  step: count,
  parameters_before: count,
  parameters_after: count,
});

/** One way back to a checkpoint (lib/train/stability). */
const rollbackSchema = z.strictObject({
  /** The step that was rejected, and why: its loss and gradient norm, null where not finite, and the limit. */
  step: count,
  reason: z.enum(["non_finite", "loss", "grad_norm"]),
  loss: z.number().nullable(),
  grad_norm: z.number().nullable(),
  limit: z.number().nullable(),
  to_step: count,
  /** The data between these places are left out; lib/data's form. */
  data_from: z.json(),
  data_to: z.json(),
});

const stabilitySchema = z.strictObject({
  /** Of the last accepted steps, oldest first; empty where no spikes are watched for. */
  losses: z.array(z.number()),
  grad_norms: z.array(z.number()),
  rejected_in_a_row: count,
  rollbacks: z.array(rollbackSchema),
});

const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  package_version: z.string(),
  created: z.string(),
  /** Optimizer steps of the whole run, and the attempt (epoch) that wrote this. */
  step: count,
  epoch: count,
  parent: z.string().nullable(),
  /** Index of the growth stage and the steps done in it. */
  stage: count,
  stage_step: count,
  tokens: count,
  flops: z.number().min(0),
  skipped_steps: count,
  /** Of the last accepted step and the last validation; null where there was none or it is not finite. */
  loss: z.number().nullable(),
  validation: z.strictObject({ step: count, loss: z.number().nullable() }).nullable(),
  /** A stop has cut the evaluation short that is due at this step: whoever goes on begins with it. */
  evaluation_due: z.literal(true).optional(),
  tensors: z.array(tensorSchema),
  files: z.array(fileSchema),
  /** Steps that each parameter's moments have seen. */
  optimizer_steps: z.record(z.string(), count),
  /** Where the sampler stands; its form is lib/data's. */
  data: z.json(),
  seed: count,
  growth: z.array(growthEventSchema),
  /** Rows that metrics.jsonl had, so that lost ones are noticed. Absent from manifests of the first versions. */
  metrics_rows: count.optional(),
  /** Of events.jsonl. */
  events_rows: count.optional(),
  /** Absent from manifests of the first versions. */
  stability: stabilitySchema.default(() => NO_HISTORY),
  /** What must not change on resume, by the key that set it. */
  identity: z.record(z.string(), z.json()),
  device: z.strictObject({
    kind: z.enum(["cpu", "cuda"]),
    name: z.string(),
    precision: z.string(),
  }),
});

export type Manifest = z.output<typeof manifestSchema>;
/** What a run that has made no step remembers of its steps. */
export const NO_HISTORY: z.output<typeof stabilitySchema> = {
  losses: [],
  grad_norms: [],
  rejected_in_a_row: 0,
  rollbacks: [],
};

export type ManifestTensor = Manifest["tensors"][number];

/**
 * The text of `manifest.json`. Its last key, `sha256`, is that of the text without it: one wrong bit in a number would
 * otherwise be a manifest like any other, and change what follows from it in silence.
 */
export function formatManifest(manifest: Manifest): string {
  return JSON.stringify({ ...manifest, sha256: sha256Of(manifest) });
}

/** White space does not count: a manifest may be printed to be read. */
function sha256Of(manifest: object): string {
  return createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
}

/** @throws FlmError CHECKPOINT_INVALID naming the file and what is wrong in it. */
export function parseManifest(text: string, path: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FlmError("CHECKPOINT_INVALID", `${path} is not JSON: the checkpoint is damaged`, {
      cause,
    });
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (format !== undefined && format !== FORMAT)
    throw new FlmError(
      "CHECKPOINT_INVALID",
      `${path} has format ${JSON.stringify(format)}, this version of flm-train reads ${FORMAT}`,
      { hint: "use the version of flm-train that wrote it" },
    );
  const parsed = manifestSchema.safeParse(verified(value, path));
  const problem = parsed.success ? misplacedTensor(parsed.data) : firstIssue(parsed.error);
  if (parsed.success && problem === null) return parsed.data;
  throw new FlmError("CHECKPOINT_INVALID", `${path}: ${problem}; the checkpoint is damaged`);
}

/** Without its hash. Manifests of the first versions have none. */
function verified(value: unknown, path: string): unknown {
  if (typeof value !== "object" || value === null || !("sha256" in value)) return value;
  const { sha256, ...rest } = value;
  if (sha256 === sha256Of(rest)) return rest;
  throw new FlmError(
    "CHECKPOINT_INVALID",
    `${path} does not have the hash that it states: the checkpoint is damaged`,
  );
}

function firstIssue({ issues }: z.ZodError): string {
  const { path, message } = issues[0]!;
  return `${path.join(".")}: ${message}`;
}

/** What is wrong with the first tensor that does not lie in a listed, and so verified, file. */
function misplacedTensor({ tensors, files }: Manifest): string | null {
  const sizes = new Map(files.map(({ name, size }) => [name, size]));
  const seen = new Set<string>();
  for (const tensor of tensors) {
    const { name, kind, file, offset } = tensor;
    const size = sizes.get(file);
    if (size === undefined) return `${name} is in ${file}, which is not among its files`;
    if (offset + byteLength(tensor) > size) return `${name} ends beyond ${file}`;
    const key = `${name} ${kind}`;
    if (seen.has(key)) return `${key} is stated twice`;
    seen.add(key);
  }
  return null;
}
