import { describe, expect, it } from "vitest";
import { floorsOf } from "../../../../lib/eval/iq/floors.ts";
import { compareRuns, runIq } from "../../../../lib/eval/iq/suite.ts";
import { IQ_TASKS, iqItems } from "../../../../lib/eval/iq/tasks.ts";
import { answerer } from "./answerers.ts";

const answers = new Map(
  IQ_TASKS.flatMap((task) => iqItems(task).map(({ prompt, answer }) => [prompt, answer])),
);
const oracle = answerer((prompt) => answers.get(prompt)!);

describe("an oracle", () => {
  it("scores 100 % by every kind of score", async () => {
    const { scores } = await runIq(oracle);
    expect(scores.tasks).toHaveLength(13);
    for (const { score, likelihood, soft, n, ci95, shots_dropped, too_long } of scores.tasks) {
      expect(score).toBe(100);
      expect(likelihood?.score ?? 100).toBe(100);
      expect(soft ?? 100).toBe(100);
      expect(n).toBeGreaterThanOrEqual(100);
      expect(ci95[0]).toBeGreaterThan(96);
      expect([shots_dropped, too_long]).toEqual([0, 0]);
    }
    expect(scores.groups.map(({ score }) => score)).toEqual([100, 100, 100, 100]);
  });

  it("beats an answerer that fails one task, item by item", async () => {
    const others = answerer((prompt) =>
      prompt.startsWith("Count") ? "1" : (answers.get(prompt) ?? ""),
    );
    const comparison = compareRuns(
      await runIq(oracle, { limit: 10 }),
      await runIq(others, { limit: 10 }),
    );
    const count = comparison.find(({ name }) => name === "ru_count");
    expect(count).toEqual({ name: "ru_count", only_this: 10, only_other: 0, p: 2 ** -9 });
    expect(comparison.filter(({ p }) => p === 1)).toHaveLength(12);
  });
});

it("an answerer that says nothing scores 0 by generation", async () => {
  const { scores } = await runIq(
    answerer(() => ""),
    { limit: 5 },
  );
  expect(scores.tasks.map(({ score }) => score)).toEqual(Array(13).fill(0));
  expect(scores.groups.every(({ ci95 }) => ci95[1] === 0)).toBe(true);
});

describe("trivial rules", () => {
  const measured = (name: string) => {
    const task = IQ_TASKS.find((one) => one.name === name)!;
    const items = [0, 1, 2, 3, 4].flatMap((seed) => iqItems(task, Infinity, seed));
    return Object.fromEntries(
      floorsOf(name, items).map(({ rule, score }) => [rule, Number(score.toFixed(1))]),
    );
  };

  it("score the published floors over the seeds 0 to 4", () => {
    expect(measured("ai_multi_key")).toEqual({
      "first key in the text": 59.1,
      "last key in the text": 62.7,
    });
    expect(measured("ai_one_fact")).toEqual({
      "last place named": 46.7,
      "most frequent place": 37.1,
    });
    expect(measured("ai_two_facts")).toEqual({
      "last place named": 35.3,
      "most frequent place": 34.7,
      "last place of the last holder": 84.3,
    });
    expect(measured("sm_wic")).toEqual({ guessing: 50 });
    expect(measured("ru_count")).toEqual({ "any constant": 0 });
  });
});

it("keys are also scored by how many there are, numbers by their digits", async () => {
  const first = answerer((prompt) => /pass key \d is (\w+)/.exec(prompt)?.[1] ?? "");
  const { scores } = await runIq(first, { limit: 300 });
  const keys = scores.tasks.find(({ name }) => name === "ai_multi_key")!.by.keys!;
  expect(Object.keys(keys)).toEqual(["1", "2", "3"]);
  expect(keys["1"]!.score).toBe(100);
  expect(keys["3"]!.score).toBeLessThan(50);
  expect(keys["1"]!.n + keys["2"]!.n + keys["3"]!.n).toBe(300);
});
