import { describe, expect, it } from "vitest";
import type { ChoiceItem } from "../../../../lib/eval/choice/item.ts";
import { runChoice } from "../../../../lib/eval/choice/suite.ts";
import type { Continuation, LanguageModel } from "../../../../lib/eval/language-model.ts";

const letters: ChoiceItem = {
  question: "Which?",
  choices: ["one", "two"],
  answer: 1,
  subject: null,
  style: "letters",
  is_sentence: false,
};

/** Remembers what it was asked; finds continuations likely by `score`. */
function model(score: (asked: Continuation) => number, seq_length = 1000) {
  const asked: Continuation[] = [];
  const language: LanguageModel = {
    seq_length,
    countTokens: async (text) => text.length,
    writeLines: async (questions) => questions.map(() => ""),
    logProbabilities: async (continuations) => {
      asked.push(...continuations);
      return continuations.map(score);
    },
  };
  return { asked, language };
}

describe("a question is asked", () => {
  it("by letters", async () => {
    const { asked, language } = model(({ continuation }) => (continuation === " B" ? -1 : -2));
    const { tasks, groups } = await runChoice(language, [letters], "dir/quiz.jsonl");
    expect(asked.map(({ continuation }) => continuation)).toEqual([" A", " B"]);
    expect(asked[0]!.prompt).toBe("Which?\nA. one\nB. two\nAnswer:");
    expect(tasks).toMatchObject([{ name: "quiz", group: "quiz", n: 1, score: 100, floor: 50 }]);
    expect(groups).toMatchObject([{ name: "quiz", score: 100 }]);
  });

  it("by the text of its options, or as a sentence that goes on", async () => {
    const { asked, language } = model(() => -1);
    const text = { ...letters, style: "text" as const };
    await runChoice(language, [text, { ...text, is_sentence: true }], "quiz");
    expect(asked.map(({ prompt }) => prompt)).toEqual([
      "Question: Which?\nAnswer:",
      "Question: Which?\nAnswer:",
      "Which?",
      "Which?",
    ]);
    expect(asked[1]!.continuation).toBe(" two");
  });

  it("in the style that is asked for", async () => {
    const { asked, language } = model(() => -1);
    await runChoice(language, [letters], "quiz", { answers: "text" });
    expect(asked[0]!.continuation).toBe(" one");
  });

  it("behind solved ones, which are not scored", async () => {
    const { asked, language } = model(() => -1);
    const { tasks } = await runChoice(language, [letters, letters], "quiz", { shots: 1 });
    expect(asked[0]!.prompt).toBe(
      "Which?\nA. one\nB. two\nAnswer: B\n\nWhich?\nA. one\nB. two\nAnswer:",
    );
    expect(tasks[0]!.n).toBe(1);
  });
});

it("long answers are judged by character too", async () => {
  const item = { ...letters, style: "text" as const, choices: ["a", "a long answer"], answer: 1 };
  const { language } = model(({ continuation }) => -1 - continuation.length / 10);
  const { tasks } = await runChoice(language, [item], "quiz");
  expect(tasks[0]).toMatchObject({ score: 0, per_character: 100 });
});

it("the space in front of an option is none of its characters", async () => {
  // Over characters -3 / 2 beats -1.6; with the space, -1.6 / 2 would beat -3 / 3.
  const item = { ...letters, style: "text" as const, choices: ["a", "bc"], answer: 1 };
  const { language } = model(({ continuation }) => (continuation === " a" ? -1.6 : -3));
  const { tasks } = await runChoice(language, [item], "quiz");
  expect(tasks[0]).toMatchObject({ score: 0, per_character: 100 });
});

it("a character beyond 16 bits is one", async () => {
  const item = { ...letters, style: "text" as const, choices: ["\u{1f600}", "ab"], answer: 1 };
  const { language } = model(() => -1);
  const { tasks } = await runChoice(language, [item], "quiz");
  expect(tasks[0]).toMatchObject({ score: 0, per_character: 100 });
});

it("subjects are scored apart", async () => {
  const { language } = model(({ continuation }) => (continuation === " B" ? -1 : -2));
  const items = [
    { ...letters, subject: "law" },
    { ...letters, subject: "art", answer: 0 },
    { ...letters, subject: "law", choices: ["a", "b", "c", "d"] },
  ];
  const { tasks, groups } = await runChoice(language, items, "quiz");
  expect(tasks.map(({ name, n, score, floor }) => [name, n, score, floor])).toEqual([
    ["law", 2, 100, 37.5],
    ["art", 1, 0, 50],
  ]);
  expect(groups[0]!.score).toBe(50);
});

it("what does not fit loses examples, then counts as failed", async () => {
  const { language, asked } = model(() => -1, 60);
  const long = { ...letters, question: "x".repeat(100), answer: 0 };
  const { tasks } = await runChoice(language, [letters, letters, long], "quiz", { shots: 1 });
  expect(asked[0]!.prompt).toBe("Which?\nA. one\nB. two\nAnswer:");
  expect(tasks[0]).toMatchObject({ n: 2, shots_dropped: 2, too_long: 1, score: 0 });
});
