import { type EventOf, eventsOf } from "../read/events.ts";
import type { RunRecord } from "../read/record.ts";
import { type Progress, progressAt } from "./progress.ts";

export type Evaluation = EventOf<"evaluation">;
export type TaskScore = Evaluation["tasks"][number];

/** A group's mean over time; percentages. */
export interface GroupHistory {
  name: string;
  /** Mean of its tasks' floors, as the score is the mean of their scores. */
  floor: number;
  points: (Progress & { score: number; ci95: readonly [number, number] })[];
}

/** What one suite said of a run, from its first evaluation to its last. */
export interface SuiteScores {
  suite: string;
  last: Evaluation;
  evaluations: number;
  groups: GroupHistory[];
}

/** The suites in the order in which they first came. */
export function suiteScores({ steps, events }: RunRecord): SuiteScores[] {
  const all = eventsOf(events, "evaluation");
  return [...new Set(all.map(({ suite }) => suite))].map((name) => {
    const evaluations = all.filter(({ suite }) => suite === name);
    const last = evaluations.at(-1)!;
    const groups = last.groups.map((group) => ({
      name: group.name,
      floor: mean(tasksOf(last, group.name).map(({ floor }) => floor)),
      points: evaluations.flatMap(({ step, groups: scored }) => {
        const at = scored.find((other) => other.name === group.name);
        return at ? [{ ...progressAt(steps, step), step, score: at.score, ci95: at.ci95 }] : [];
      }),
    }));
    return { suite: name, last, evaluations: evaluations.length, groups };
  });
}

export function tasksOf({ tasks }: Evaluation, group: string): TaskScore[] {
  return tasks.filter((task) => task.group === group);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
