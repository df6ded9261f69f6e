import { type EventOf, eventsOf } from "../read/events.ts";
import type { RunRecord, Shape } from "../read/record.ts";
import { type Measure, progressAt } from "./progress.ts";

/** A growth stage as far as the run came in it. */
export interface StageSpan {
  index: number;
  name: string;
  from: Record<Measure, number>;
  /** Where the masks were open; null without a ramp. */
  ramp_end: Record<Measure, number> | null;
  to: Record<Measure, number>;
  shape: Shape | null;
  parameters: number;
  /** The event that began it; undefined in the first stage. */
  growth: EventOf<"growth"> | undefined;
  depth: string | null;
}

/** The stages that have logged steps, in order. */
export function stageSpans({ steps, events, config, checkpoint }: RunRecord): StageSpan[] {
  const growths = eventsOf(events, "growth");
  const startParameters =
    eventsOf(events, "start").at(-1)?.parameters ??
    (growths.length === 0 ? checkpoint?.parameters : growths[0]!.parameters_before);
  const at = (step: number) => ({
    tokens: progressAt(steps, step, "tokens"),
    flops: progressAt(steps, step, "flops"),
  });
  const spans: StageSpan[] = [];
  for (let first = 0; first < steps.step.length;) {
    const index = steps.stage[first]!;
    let end = first;
    while (end < steps.step.length && Object.is(steps.stage[end], index)) end++;
    let ramped = first;
    while (ramped < end && steps.ramp[ramped]! < 1) ramped++;
    const growth = growths.findLast((event) => event.stage === index);
    const before = growth?.step ?? (first === 0 ? 0 : steps.step[first - 1]!);
    const next = growths.find((event) => event.stage === index + 1);
    const facts = config.stages[index];
    spans.push({
      index,
      name: facts?.name ?? `stage-${index + 1}`,
      from: at(before),
      ramp_end: ramped > first ? at(steps.step[Math.min(ramped, end - 1)]!) : null,
      to: at(next && end < steps.step.length ? next.step : steps.step[end - 1]!),
      shape: growth?.to ?? next?.from ?? facts?.shape ?? null,
      parameters:
        growth?.parameters_after ?? (index === 0 ? startParameters : undefined) ?? Number.NaN,
      growth,
      depth: facts?.depth ?? null,
    });
    first = end;
  }
  return spans;
}
