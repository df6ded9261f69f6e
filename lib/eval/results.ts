import type { Interval } from "./statistics.ts";

export const SUITES = ["iq", "perplexity", "choice"] as const;
export type SuiteName = (typeof SUITES)[number];

/** One score of a suite. Scores, intervals and floors are percentages, but bits per byte for perplexity. */
export interface TaskResult {
  name: string;
  group: string;
  /** Items that were scored; predicted tokens for perplexity. */
  n: number;
  score: number;
  ci95: Interval | null;
  /** What needs no understanding: the best trivial rule, guessing, or bytes that are all equally likely. */
  floor: number;
}

export interface GroupResult {
  name: string;
  /** Plain mean of the group's tasks. */
  score: number;
  ci95: Interval;
}

/** The tasks and groups of one suite. */
export interface Scores<Task extends TaskResult = TaskResult> {
  tasks: Task[];
  groups: GroupResult[];
}
