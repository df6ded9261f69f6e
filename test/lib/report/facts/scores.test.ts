import { describe, expect, test } from "vitest";
import { suiteScores } from "../../../../lib/report/facts/scores.ts";
import { readRun } from "../../../../lib/report/read/run.ts";
import { grownRun, stepRow, writeRun } from "../runs.ts";

describe("the scores of a run", () => {
  test("follow each group from its first evaluation to its last", async () => {
    const [iq, ...others] = suiteScores(await readRun(writeRun(grownRun())));
    expect(others).toEqual([]);
    expect(iq).toMatchObject({ suite: "iq", evaluations: 3, last: { step: 749 } });
    expect(iq!.groups.map(({ name, floor }) => [name, floor])).toEqual([
      ["pattern mining", 25],
      ["symbolic mapping", 50],
    ]);
    expect(iq!.groups[0]!.points.map(({ score }) => score)).toEqual([20, 35, 50]);
    expect(iq!.groups[0]!.points.map(({ tokens }) => tokens / 2048)).toEqual([586, 681, 749]);
  });

  test("need no metrics", async () => {
    const { events } = grownRun();
    const [iq] = suiteScores(await readRun(writeRun({ events })));
    expect(iq!.groups[0]!.points).toHaveLength(3);
  });

  test("are none where nothing was scored", async () => {
    expect(suiteScores(await readRun(writeRun({ metrics: [stepRow(1)] })))).toEqual([]);
  });
});
