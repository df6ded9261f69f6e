import type * as z from "zod";
import type { Finding } from "./finding.ts";
import { nearest } from "./nearest.ts";
import type { Path } from "./schema/walk.ts";
import { nearestSibling, unknownKey } from "./unknown-key.ts";

type ZodIssue = z.core.$ZodIssue;

/** Turns what zod found in `input` into findings: unknown keys one by one, values quoted. */
export function findingsOf(issues: readonly ZodIssue[], input: unknown): Finding[] {
  const unknown = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((name) => unknownKey([...toPath(issue.path), name]))
      : [],
  );
  const values = issues
    .filter((issue) => issue.code !== "unrecognized_keys")
    .map((issue) => valueFinding(issue, input))
    .filter((finding) => !explainedBy(unknown, finding));
  return [...unknown, ...values];
}

/** A key that is missing because it was misspelt is one mistake, not two. */
export function explainedBy(unknown: readonly Finding[], finding: Finding): boolean {
  const [parent, name] = [finding.path.slice(0, -1).join("."), finding.path.at(-1)];
  return (
    finding.problem === MISSING &&
    unknown.some(
      ({ path, unknownKey: isKey }) =>
        isKey && path.slice(0, -1).join(".") === parent && nearestSibling(path) === name,
    )
  );
}

export const MISSING = "is missing";

function valueFinding(issue: ZodIssue, input: unknown): Finding {
  const path = toPath(issue.path);
  const value = valueAt(input, path);
  if (value === undefined) return { path, problem: MISSING, remedy: "add this key" };
  const got = `, got ${quote(value)}`;
  switch (issue.code) {
    case "invalid_type":
      return {
        path,
        problem: `must be ${typeName(issue.expected)}${got}`,
        remedy: issue.expected === "array" ? listRemedy(path) : undefined,
      };
    case "invalid_value": {
      const choices = issue.values.map(String);
      const near = typeof value === "string" ? nearest(value, choices) : undefined;
      return {
        path,
        problem: `must be one of ${choices.join(", ")}${got}`,
        remedy: near && `did you mean ${near}?`,
      };
    }
    case "too_small": {
      if (issue.origin === "array") return { path, problem: "must have at least one item" };
      if (issue.origin === "string") return { path, problem: "must not be empty" };
      const bound = issue.inclusive ? "at least" : "above";
      return { path, problem: `must be ${bound} ${issue.minimum}${got}` };
    }
    case "too_big": {
      const bound = issue.inclusive ? "at most" : "below";
      return { path, problem: `must be ${bound} ${issue.maximum}${got}` };
    }
    default:
      return { path, problem: `${issue.message}${got}` };
  }
}

function listRemedy(path: Path): string {
  return path.at(-1) === "sources"
    ? "write `- path: data/*.txt` below it"
    : "put `- ` in front of each item";
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "text",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of keys",
};

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? expected;
}

function quote(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function toPath(path: readonly PropertyKey[]): Path {
  return path.map((segment) => (typeof segment === "symbol" ? segment.toString() : segment));
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const segment of path) value = (value as Record<string, unknown> | undefined)?.[segment];
  return value;
}
