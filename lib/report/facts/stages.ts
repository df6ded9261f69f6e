import { type EventOf, eventsOf } from "../read/events.ts";
import type { RunRecord, Shape } from "../read/record.ts";
import { type Progress, progressAt } from "./progress.ts";

/** A growth stage as far as the run came in it. */
export interface StageSpan {
  index: number;
  name: string;
  from: Progress;
  /** Where the masks were open; null without a ramp. */
  ramp_end: Progress | null;
  to: Progress;
  shape: Shape | null;
  parameters: number;
  /** The event that began it; undefined in the first stage. */
  growth: EventOf<"growth"> | undefined;
  depth: string | null;
  /** Its last one; NaN without any. */
  validation_loss: number;
  /** Share of its weights below 2⁻¹⁴ at its end; NaN where it has not ended. */
  near_zero_share: number;
}

/** The stages that have logged steps, in order. */
export function stageSpans({ steps, events, config, checkpoint }: RunRecord): StageSpan[] {
  const growths = eventsOf(events, "growth");
  const startParameters =
    eventsOf(events, "start").at(-1)?.parameters ??
    (growths.length === 0 ? checkpoint?.parameters : growths[0]!.parameters_before);
  const validations = eventsOf(events, "validation");
  const endings = eventsOf(events, "stage");
  const at = (step: number) => progressAt(steps, step);
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
    const from = at(before);
    const to = at(next && end < steps.step.length ? next.step : steps.step[end - 1]!);
    const validation = validations.findLast(({ step }) => step > before && step <= to.step);
    spans.push({
      index,
      name: facts?.name ?? `stage-${index + 1}`,
      from,
      ramp_end: ramped > first ? at(steps.step[Math.min(ramped, end - 1)]!) : null,
      to,
      shape: growth?.to ?? next?.from ?? facts?.shape ?? null,
      parameters:
        growth?.parameters_after ?? (index === 0 ? startParameters : undefined) ?? Number.NaN,
      growth,
      depth: facts?.depth ?? null,
      validation_loss: validation?.loss ?? Number.NaN,
      near_zero_share: endings.findLast(({ stage }) => stage === index)?.near_zero_share ?? NaN,
    });
    first = end;
  }
  return spans;
}
