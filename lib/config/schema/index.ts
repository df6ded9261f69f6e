import * as z from "zod";
import { checkpointSchema } from "./checkpoint.ts";
import { dataSchema } from "./data.ts";
import { distributedSchema } from "./distributed.ts";
import { evalSchema } from "./eval.ts";
import { growthSchema } from "./growth.ts";
import { hardwareSchema } from "./hardware.ts";
import { initSchema } from "./init.ts";
import { key } from "./key.ts";
import { loggingSchema } from "./logging.ts";
import { modelSchema } from "./model.ts";
import { objectiveSchema } from "./objective.ts";
import { optimizerSchema } from "./optimizer.ts";
import { scheduleSchema } from "./schedule.ts";
import { stabilitySchema } from "./stability.ts";
import { stageSchema } from "./stages.ts";
import { tokenizerSchema } from "./tokenizer.ts";

/** The whole config: every key, its type, its fixed default and its meaning. */
export const configSchema = z.strictObject({
  name: key(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
      error: "must start with a letter or digit and hold only letters, digits, '.', '_' and '-'",
    }),
    "Name of the run; it is written to runs/<name> unless --out says otherwise.",
  ),
  seed: key(z.int().min(0).default(1), "Seed of weights and data order."),
  device: key(
    z.enum(["auto", "cpu", "cuda"]).default("auto"),
    "auto takes a GPU where there is one.",
  ),
  precision: key(
    z.enum(["auto", "bf16", "f32"]).default("auto"),
    "Products and activations; weights are updated in f32 in any case. auto is bf16 where the device has it.",
  ),
  init: key(initSchema.prefault({}), "Where the weights come from."),
  model: key(modelSchema.prefault({}), "What all stages share; the shapes are in `stages`."),
  stages: key(
    z.array(stageSchema).min(1),
    "The run, in order. Where a stage is larger than the one before, the model grows into it.",
  ),
  growth: key(growthSchema.prefault({}), "How the model grows between stages."),
  tokenizer: key(tokenizerSchema.prefault({}), "How text becomes tokens."),
  data: key(dataSchema, "What is read."),
  objective: key(objectiveSchema.prefault({}), "What is learned."),
  optimizer: key(optimizerSchema.prefault({}), "AdamW."),
  schedule: key(scheduleSchema.prefault({}), "The learning rate over the run."),
  stability: key(stabilitySchema.prefault({}), "What happens when the loss misbehaves."),
  checkpoint: key(checkpointSchema.prefault({}), "When the run is saved."),
  eval: key(evalSchema.prefault({}), "What is measured on the way and at the end."),
  hardware: key(
    hardwareSchema.prefault({}),
    "What `flm-train plan` assumes; training does not read it.",
  ),
  distributed: key(distributedSchema.prefault({}), "Runs of several ranks."),
  logging: key(loggingSchema.prefault({}), "What is written down."),
});
