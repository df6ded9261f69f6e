import * as z from "zod";
import { FlmError } from "../errors.ts";

/** The manifest's own format; a reader refuses one that it does not know. */
export const FORMAT = 1;

const count = z.int().min(0);

const fileSchema = z.strictObject({
  name: z.string().min(1),
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
  tensors: z.array(tensorSchema),
  files: z.array(fileSchema),
  /** Steps that each parameter's moments have seen. */
  optimizer_steps: z.record(z.string(), count),
  /** Where the sampler stands; its form is lib/data's. */
  data: z.json(),
  seed: count,
  growth: z.array(growthEventSchema),
  /** What must not change on resume, by the key that set it. */
  identity: z.record(z.string(), z.json()),
  device: z.strictObject({
    kind: z.enum(["cpu", "cuda"]),
    name: z.string(),
    precision: z.string(),
  }),
});

export type Manifest = z.output<typeof manifestSchema>;
export type ManifestTensor = Manifest["tensors"][number];

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
      `${path} has format ${format}, this version of flm-train reads ${FORMAT}`,
      { hint: "use the version of flm-train that wrote it" },
    );
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new FlmError(
    "CHECKPOINT_INVALID",
    `${path}: ${issue.path.join(".")}: ${issue.message}; the checkpoint is damaged`,
  );
}
