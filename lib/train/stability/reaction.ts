import type { Config } from "../../config/types.ts";
import { FlmError } from "../../errors.ts";
import type { History } from "./limits.ts";
import { describe, type Rejection } from "./rejection.ts";

/** Rejected steps in a row after which leaving out one more is pointless. */
const MOST_IN_A_ROW = 10;

/** What is done about a rejected step: `skip` makes it without an update, the others do not make it. */
export type Reaction = "skip" | "replace" | "rollback" | "stop";

/**
 * @param history before this rejection
 * @param hasCheckpoint whether there is one to go back to
 */
export function reactionTo(
  { reason }: Rejection,
  { skip_non_finite, spike_action, max_rollbacks }: Config["stability"],
  { rejected_in_a_row, rollbacks }: History,
  hasCheckpoint: boolean,
): Reaction {
  if (reason === "non_finite" && !skip_non_finite) return "stop";
  const isLast = rejected_in_a_row + 1 >= MOST_IN_A_ROW;
  if (spike_action !== "rollback" && !isLast) return spike_action;
  if (rollbacks.length >= (max_rollbacks ?? 0)) return "stop";
  if (hasCheckpoint) return "rollback";
  return isLast ? "stop" : "skip";
}

/**
 * The end of a run that cannot go on after a rejection.
 *
 * @param hasCheckpoint whether the run has any
 */
export function divergence(
  rejection: Rejection,
  { max_rollbacks }: Config["stability"],
  { rejected_in_a_row, rollbacks }: History,
  hasCheckpoint: boolean,
): FlmError {
  const count = rejected_in_a_row + 1;
  const what = count > 1 ? `${count} steps in a row` : `step ${rejection.step}`;
  const back =
    rollbacks.length > 0
      ? `, after ${rollbacks.length} of at most ${max_rollbacks} rollbacks (stability.max_rollbacks)`
      : "";
  return new FlmError("DIVERGED", `${what} had ${describe(rejection)}${back}`, {
    hint: `lower optimizer.lr or lengthen warmup_steps${hasCheckpoint ? "; the last checkpoint is whole" : ""}`,
  });
}
