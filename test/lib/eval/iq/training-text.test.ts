import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { IQ_TASKS, iqItems } from "../../../../lib/eval/iq/tasks.ts";
import { solvedText, trainingItems } from "../../../../lib/eval/iq/training-text.ts";

const hash = (text: string) => createHash("sha256").update(text).digest("hex");

it("no text to train on is in a scored set, and none comes twice soon", () => {
  const scored = new Set(
    IQ_TASKS.flatMap((task) => iqItems(task).map((item) => hash(solvedText(item)))),
  );
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  const items = trainingItems();
  for (let i = 0; i < 8000; i++) {
    const item = items.next().value;
    expect(scored.has(hash(solvedText(item)))).toBe(false);
    seen.add(hash(solvedText(item)));
    counts.set(item.task, (counts.get(item.task) ?? 0) + 1);
  }
  expect(counts.size).toBe(13);
  expect(seen.size).toBeGreaterThan(7900);
});

it("short prompts that a scored set has by chance are left out", () => {
  const count = IQ_TASKS.find(({ name }) => name === "ru_count")!;
  const scored = new Set(iqItems(count).map(({ prompt }) => prompt));
  const chance = Array.from({ length: 40 }, (_, seed) => iqItems(count, Infinity, seed + 1)).flat();
  expect(chance.some(({ prompt }) => scored.has(prompt))).toBe(true);
  const items = trainingItems([count]);
  for (let i = 0; i < 5000; i++) expect(scored.has(items.next().value.prompt)).toBe(false);
});
