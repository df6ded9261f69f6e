import { eventsOf, type RunEvent } from "../read/events.ts";
import type { RunRecord, Steps } from "../read/record.ts";
import type { StageSpan } from "./stages.ts";
import { basename } from "node:path";

/** The numbers of a run's headline; null where its files do not tell. */
export interface RunSummary {
  name: string;
  run_dir: string;
  /** done, interrupted, preempted, failed; unfinished when no ending was recorded. */
  status: string;
  steps: number;
  tokens: number | null;
  flops: number | null;
  /** FLOPs of all the tokens, had they been trained at the last stage's size; null without growth. */
  flops_at_final_size: number | null;
  /** Nats per token; of objective dpo, nats per pair of answers. */
  loss: number | null;
  validation_loss: number | null;
  bigram_loss: number | null;
  parameters_start: number | null;
  parameters_end: number | null;
  /** Of all attempts, from their start to their last event. */
  wall_seconds: number | null;
  tokens_per_second: number | null;
  device: string | null;
  precision: string | null;
  /** Processes that trained together, each with a device. */
  ranks: number | null;
}

export function summarise(record: RunRecord, stages: readonly StageSpan[]): RunSummary {
  const { steps, events, config, checkpoint } = record;
  const start = eventsOf(events, "start").at(-1);
  const place = lastPlace(events);
  // With logging.interval_steps the newest checkpoint may lie behind the last row.
  const isBehind = checkpoint !== null && checkpoint.step > (steps.step.at(-1) ?? -1);
  const tokens = isBehind ? checkpoint.tokens : steps.tokens.at(-1);
  const flops = known(isBehind ? checkpoint.flops : steps.flops.at(-1));
  return {
    name: config.name ?? basename(record.directory),
    run_dir: record.directory,
    status: statusOf(events),
    steps: isBehind ? checkpoint.step : (steps.step.at(-1) ?? 0),
    tokens: known(tokens),
    flops,
    flops_at_final_size: stages.length > 1 ? flopsAtFinalSize(stages.at(-1)!, tokens) : null,
    loss: known(steps.loss.findLast(Number.isFinite)),
    validation_loss: known(
      (eventsOf(events, "validation").at(-1) ?? eventsOf(events, "preference").at(-1))?.loss,
    ),
    bigram_loss: known(eventsOf(events, "baseline").at(-1)?.bigram_loss),
    parameters_start: known(stages[0]?.parameters ?? start?.parameters),
    parameters_end: known(stages.at(-1)?.parameters) ?? known(checkpoint?.parameters),
    wall_seconds: wallSeconds(events),
    tokens_per_second: meanSpeed(steps),
    device: place?.device ?? checkpoint?.device ?? null,
    precision: place?.precision ?? checkpoint?.precision ?? null,
    ranks: place?.ranks ?? null,
  };
}

/** Where the last attempt ran; a resume of the first versions does not say it. */
function lastPlace(events: readonly RunEvent[]): Place | undefined {
  const places = events.flatMap((event): Place[] => {
    if (event.type === "start") return [event];
    if (event.type !== "resume" || event.ranks === undefined) return [];
    return [{ device: event.device, precision: event.precision, ranks: event.ranks }];
  });
  return places.at(-1);
}

interface Place {
  device: string | undefined;
  precision: string | undefined;
  ranks: number;
}

function known(value: number | null | undefined): number | null {
  return Number.isFinite(value) ? value! : null;
}

function statusOf(events: readonly RunEvent[]): string {
  const last = events.findLast(({ type }) => ["start", "resume", "failed", "done"].includes(type));
  if (last?.type === "done") return last.status;
  return last?.type === "failed" ? "failed" : "unfinished";
}

function flopsAtFinalSize({ from, to }: StageSpan, tokens: number | undefined): number | null {
  return known(((tokens ?? Number.NaN) * (to.flops - from.flops)) / (to.tokens - from.tokens));
}

/** Each attempt counts from its start to its last event, so that the pauses between them do not. */
function wallSeconds(events: readonly RunEvent[]): number | null {
  let sum = 0;
  let begin = Number.NaN;
  let end = Number.NaN;
  const close = () => {
    if (end > begin) sum += end - begin;
  };
  for (const { type, time } of events) {
    const at = Date.parse(time ?? "");
    if (Number.isNaN(at)) continue;
    if (type === "start" || type === "resume") {
      close();
      begin = at;
    }
    end = at;
  }
  close();
  return sum > 0 ? sum / 1000 : null;
}

/** A row of logging.interval_steps stands for all steps since the row before, as in the table of stages. */
function meanSpeed({ step, step_ms, tokens_per_second }: Steps): number | null {
  let ms = 0;
  let tokens = 0;
  for (const [i, own] of step_ms.entries()) {
    const speed = tokens_per_second[i]!;
    const time = own * (step[i]! - (step[i - 1] ?? 0));
    if (!(time > 0) || Number.isNaN(speed)) continue;
    ms += time;
    tokens += (speed * time) / 1000;
  }
  return ms > 0 ? tokens / (ms / 1000) : null;
}
