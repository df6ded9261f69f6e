import { describe, expect, it } from "vitest";
import type { IqItem } from "../../../../lib/eval/iq/item.ts";
import { matches, similarity } from "../../../../lib/eval/iq/match.ts";

function item(changes: Partial<IqItem>): IqItem {
  return {
    id: "ru_count/0/0",
    task: "ru_count",
    group: "rule understanding",
    prompt: "",
    answer: "8, 9, 10",
    metric: "exact",
    shots: 0,
    ...changes,
  };
}

describe("a line is right", () => {
  it.each([
    [" 8, 9, 10", true],
    ["8,9 ,  10 ", true],
    ["8, 9, 10, 11", false],
    ["", false],
  ])("counting: %j is %s", (line, right) => expect(matches(item({}), line)).toBe(right));

  it("by its first word, spelled exactly for keys", () => {
    const key = item({ metric: "first_word", answer: "aB3" });
    expect(matches(key, " aB3. The rest")).toBe(true);
    expect(matches(key, " ab3.")).toBe(false);
    expect(matches(key, " the aB3")).toBe(false);
  });

  it("by its first word in any case for places", () => {
    const place = item({ metric: "first_word", answer: "garden", options: ["garden", "office"] });
    expect(matches(place, " Garden.")).toBe(true);
    expect(matches(place, " gardens")).toBe(false);
  });

  it("when it begins with the label", () => {
    const label = item({ metric: "choice", answer: "<a*b>", options: ["<a*b>", "<c*d>"] });
    expect(matches(label, " <a*b> and so on")).toBe(true);
    expect(matches(label, " <c*d> or <a*b>")).toBe(false);
  });
});

describe("nearness", () => {
  it("of a count is what is right from the beginning", () => {
    expect(similarity(item({}), "8, 9, 11")).toBeCloseTo(2 / 3);
    expect(similarity(item({}), "9, 9, 10")).toBe(0);
    expect(similarity(item({}), "8, 9, 10, 11")).toBe(1);
  });

  it("of copied text is by edit distance", () => {
    const text = item({ task: "pm_full_repeat", answer: "abcabc" });
    expect(similarity(text, " abcabc")).toBe(1);
    expect(similarity(text, "abcabd")).toBeCloseTo(5 / 6);
    expect(similarity(text, "bcabc")).toBeCloseTo(5 / 6);
    expect(similarity(text, "")).toBe(0);
  });

  it("has no meaning for chosen answers", () => {
    expect(similarity(item({ metric: "choice" }), "8")).toBeNull();
  });
});
