import * as z from "zod";

// The report also reads runs of other versions and files that a crash cut off: a row that does not fit is passed
// over, a number that JSON could not hold (NaN is null) is NaN.
const number = z
  .number()
  .nullish()
  .transform((value) => value ?? Number.NaN);
const text = z.string();
const rejected = { loss: number, grad_norm: number };

const shape = z.object({
  num_layers: z.number(),
  hidden_size: z.number(),
  num_attention_heads: z.number(),
  num_kv_heads: z.number(),
  ffn_hidden_size: z.number(),
  // Absent in runs of the first versions, which had one for all stages.
  vocab_size: z.number().optional(),
});

const interval = z.tuple([z.number(), z.number()]);
const groupScore = z.object({ name: text, score: number, ci95: interval });
const taskScore = z.object({
  name: text,
  group: text,
  n: number,
  score: number,
  ci95: interval.nullable(),
  floor: number,
});

function event<Type extends string, Fields extends z.ZodRawShape>(type: Type, fields: Fields) {
  return z.object({
    type: z.literal(type),
    step: z.number(),
    time: text.optional(),
    ...fields,
  });
}

const eventSchema = z.discriminatedUnion("type", [
  event("start", {
    device: text,
    precision: text,
    parameters: number,
    // Absent in runs of the first versions, which had one.
    ranks: z.number().default(1),
  }),
  // What is optional the first versions did not write.
  event("resume", {
    checkpoint: text,
    device: text.optional(),
    precision: text.optional(),
    ranks: z.number().optional(),
    changed: z.array(text).default([]),
  }),
  event("warning", { message: text }),
  event("validation", { loss: number, perplexity: number, bits_per_byte: number }),
  event("preference", { loss: number, margin: number, accuracy: number, pairs: z.number() }),
  event("checkpoint", { seconds: number, bytes: number }),
  event("skip", { action: text.default("skip"), ...rejected }),
  event("rollback", {
    rejected: z.object({ step: z.number(), ...rejected }),
    lr_factor: z.number().default(1),
  }),
  event("growth", {
    stage: z.number(),
    from: shape,
    to: shape,
    parameters_before: number,
    parameters_after: number,
    preserving: z.boolean(),
    loss_before: number,
    loss_after: number,
    bits_per_byte: z.object({ before: number, after: number }).optional(),
    seconds: number,
  }),
  event("stage", { stage: z.number(), near_zero_share: number }),
  event("evaluation", { suite: text, tasks: z.array(taskScore), groups: z.array(groupScore) }),
  event("baseline", { bigram_loss: number }),
  event("sample", { prompt: text, text }),
  event("failed", { code: text, message: text }),
  event("done", { status: text }),
]);

/** A row of events.jsonl as far as the report knows it. */
export type RunEvent = z.output<typeof eventSchema>;
export type EventOf<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>;

/** Null for a row that is none that the report knows. */
export function parseEvent(row: unknown): RunEvent | null {
  return eventSchema.safeParse(row).data ?? null;
}

export function eventsOf<Type extends RunEvent["type"]>(
  events: readonly RunEvent[],
  type: Type,
): EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type);
}
