import { FlmError } from "../../errors.ts";
import type { Json } from "../../json.ts";

export function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** For a checkpoint whose place in the data is not one of this data. */
export function invalidState(
  problem: string,
  hint = "resume with the data that the run was started with",
): FlmError {
  return new FlmError(
    "CHECKPOINT_INVALID",
    `the place in the data cannot be restored: ${problem}`,
    { hint },
  );
}
