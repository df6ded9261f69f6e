import { basename } from "node:path";
import { FlmError } from "../errors.ts";
import { type EventOf, eventsOf } from "../report/read/events.ts";
import type { RunRecord } from "../report/read/record.ts";
import type { ObservedRun } from "../scaling/observed-run.ts";

/**
 * What a run directory says about size and loss.
 *
 * @throws FlmError INVALID_ARGUMENT where no event names the number of parameters
 */
export function observedRun(record: RunRecord): ObservedRun {
  const { step, stage, loss, tokens, flops } = record.steps;
  const name = record.config.name ?? basename(record.directory);
  const last = stage.reduce((most, value) => Math.max(most, value), 0);
  // An event at which the run stopped has no step behind it.
  const growth = eventsOf(record.events, "growth").filter((event) => event.stage <= last);
  const parameters = parametersOf(record, growth, last);
  return {
    name,
    parameters,
    vocabularies: vocabulariesOf(growth),
    step,
    stage,
    loss,
    tokens,
    flops,
  };
}

/** By stage. A stage of the same size as the one before has no growth event, and takes over its number. */
function parametersOf(
  { events, directory }: RunRecord,
  growth: readonly EventOf<"growth">[],
  last: number,
): number[] {
  const first = growth[0]?.parameters_before ?? eventsOf(events, "start")[0]?.parameters;
  const parameters = [first ?? NaN];
  for (let i = 1; i <= last; i++)
    parameters.push(
      growth.findLast((event) => event.stage === i)?.parameters_after ?? parameters[i - 1]!,
    );
  if (parameters.every((count) => count > 0 && Number.isFinite(count))) return parameters;
  throw new FlmError("INVALID_ARGUMENT", `${directory} does not say how large its model is`, {
    hint: "events.jsonl must have the run's start event",
  });
}

/** Runs of the first versions do not name them; they had one. */
function vocabulariesOf(growth: readonly EventOf<"growth">[]): number[] {
  const sizes = growth.flatMap(({ from, to }) => [from.vocab_size, to.vocab_size]);
  return [...new Set(sizes)].filter((size) => size !== undefined);
}
