import { basename } from "node:path";
import { FlmError } from "../errors.ts";
import type { EventOf } from "../report/read/events.ts";
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
  return { name, parameters: parametersOf(record), step, stage, loss, tokens, flops };
}

/** By stage. A stage of the same size as the one before has no growth event, and takes over its number. */
function parametersOf({ events, steps, directory }: RunRecord): number[] {
  const growth = events.filter((event): event is EventOf<"growth"> => event.type === "growth");
  const start = events.find((event): event is EventOf<"start"> => event.type === "start");
  const first = growth[0]?.parameters_before ?? start?.parameters;
  if (first === undefined || !Number.isFinite(first))
    throw new FlmError("INVALID_ARGUMENT", `${directory} does not say how large its model is`, {
      hint: "events.jsonl must have the run's start event",
    });
  const stages = Math.max(0, ...steps.stage) + 1;
  const parameters: number[] = [first];
  for (let i = 1; i < stages; i++)
    parameters.push(
      growth.findLast((event) => event.stage === i)?.parameters_after ?? parameters[i - 1]!,
    );
  return parameters;
}
