import type { Issue } from "../errors.ts";
import type { Path } from "./schema/walk.ts";

/** Something wrong with a config, before it is known where in a file it stands. */
export interface Finding {
  readonly path: Path;
  readonly problem: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
  /** Set when the key itself is wrong, not its value: the position is then the key's. */
  readonly unknownKey?: boolean;
}

/** Collects findings; rules call it for each and go on. */
export type Report = (path: Path, problem: string, remedy?: string) => void;

/** Where something stands in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export function formatPath(path: Path): string {
  return path.join(".");
}

/**
 * The issue that a user reads.
 *
 * @param origin where the value came from when that is not a place in the file, as `--set a=1`.
 */
export function toIssue(finding: Finding, position?: Position, origin?: string): Issue {
  const path = formatPath(finding.path);
  const parent = formatPath(finding.path.slice(0, -1));
  const inParent = position === undefined && parent !== "" ? ` in ${parent}` : "";
  const subject = finding.unknownKey
    ? `${finding.problem}${inParent}`
    : `${path === "" ? "" : `${path}: `}${finding.problem}`;
  const place = position ? ` at line ${position.line}, column ${position.column}` : "";
  const from = origin === undefined ? "" : ` (from ${origin})`;
  const remedy = finding.remedy === undefined ? "" : `; ${finding.remedy}`;
  return { path, message: `${subject}${place}${from}${remedy}`, ...position };
}

/** One message for all issues, those with a position first and in the order of the file. */
export function summarise(source: string, issues: readonly Issue[]): string {
  if (issues.length === 1) return `${source}: ${issues[0]!.message}`;
  const lines = issues.map((issue) => `  - ${issue.message}`);
  return `${source} has ${issues.length} problems:\n${lines.join("\n")}`;
}

export function byPosition(a: Issue, b: Issue): number {
  const [lineA, lineB] = [a.line ?? Infinity, b.line ?? Infinity];
  return lineA === lineB ? (a.column ?? 0) - (b.column ?? 0) : lineA - lineB;
}
