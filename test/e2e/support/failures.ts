import { expect } from "vitest";
import { describe, flm, json, type RunOptions } from "./cli.ts";

export interface Expected {
  exit: number;
  code: string;
  /** What the message has to name: field, value, place. */
  says: readonly (string | RegExp)[];
  /** What the message or the hint has to offer. */
  remedy: string | RegExp;
}

/** The command must fail like this, with one object on stdout that says what is wrong and what to do. */
export async function expectFailure(
  args: readonly string[],
  options: RunOptions,
  { exit, code, says, remedy }: Expected,
): Promise<void> {
  const outcome = await flm([...args, "--json"], options);
  expect(outcome.code, describe(outcome)).toBe(exit);
  const error = json(outcome);
  expect(error).toEqual({
    status: "error",
    code,
    message: expect.any(String),
    hint: error.hint === null ? null : expect.any(String),
    exit_code: exit,
  });
  for (const part of says) expect(error.message).toMatch(part);
  expect(`${String(error.message)}\n${String(error.hint)}`).toMatch(remedy);
}
