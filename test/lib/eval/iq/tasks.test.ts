import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../../../lib/eval/iq/item.ts";
import { IQ_TASKS, iqItem, iqItems } from "../../../../lib/eval/iq/tasks.ts";

const fixture = (name: string) =>
  readFileSync(new URL(`../../../fixtures/iq/${name}`, import.meta.url), "utf8");

const digests = JSON.parse(fixture("digests.json")) as Record<
  string,
  { items: number; sha256: string }
>;

describe("the thirteen sets", () => {
  it.each(IQ_TASKS)("$name", (task) => {
    const hash = createHash("sha256");
    const items = iqItems(task);
    for (const item of items) hash.update(`${canonicalJson(item)}\n`);
    expect({ items: items.length, sha256: hash.digest("hex") }).toEqual(digests[task.name]);
  });

  it("begin with these items", () => {
    const first = IQ_TASKS.map((task) => `${canonicalJson(iqItem(task, 0))}\n`);
    expect(first.join("")).toBe(fixture("first-items.jsonl"));
  });
});

it("an item does not depend on the ones before it", () => {
  for (const task of IQ_TASKS) expect(iqItem(task, 7)).toEqual(iqItems(task, 8).at(-1));
});

it("prompts end without a space, and other seeds give other items", () => {
  for (const task of IQ_TASKS)
    for (const item of iqItems(task, 20)) {
      expect(item.prompt).not.toMatch(/\s$/);
      expect(item.prompt).not.toBe(iqItem(task, Number(item.id.split("/")[2]), 1).prompt);
    }
});
