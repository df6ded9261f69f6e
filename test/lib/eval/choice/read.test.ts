import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readChoices } from "../../../../lib/eval/choice/read.ts";
import { failure } from "../../failure.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

function file(...lines: (object | string)[]): string {
  const path = join(temporaryDirectory(), "questions.jsonl");
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  writeFileSync(path, text.join("\n"));
  return path;
}

describe("reads the form of", () => {
  it("MMLU", () => {
    const [item] = readChoices(
      file({ question: "Q?", subject: "law", choices: ["w", "x", "y", "z"], answer: 2 }),
    );
    expect(item).toEqual({
      question: "Q?",
      choices: ["w", "x", "y", "z"],
      answer: 2,
      subject: "law",
      style: "letters",
      is_sentence: false,
    });
  });

  it("C-Eval and CMMLU", () => {
    const [ceval, cmmlu] = readChoices(
      file(
        { id: 0, question: "问?", A: "甲", B: "乙", C: "丙", D: "丁", answer: "C" },
        { Question: "问?", A: "甲", B: "乙", C: "丙", D: "丁", Answer: "A" },
      ),
    );
    expect(ceval).toMatchObject({ choices: ["甲", "乙", "丙", "丁"], answer: 2, style: "letters" });
    expect(cmmlu).toMatchObject({ answer: 0, subject: null });
  });

  it("ARC", () => {
    const choices = { text: ["air", "sea", "sand"], label: ["1", "2", "3"] };
    const [item] = readChoices(file({ id: "x", question: "Q?", choices, answerKey: "2" }));
    expect(item).toMatchObject({ choices: choices.text, answer: 1, style: "text" });
  });

  it("HellaSwag", () => {
    const [item] = readChoices(file({ ctx: "He", endings: ["runs.", "sings."], label: "1" }));
    expect(item).toMatchObject({ question: "He", answer: 1, style: "text", is_sentence: true });
  });
});

describe("an answer that is a string", () => {
  const answers = (...lines: object[]) => readChoices(file(...lines)).map(({ answer }) => answer);

  it.each([
    ["an index", ["3", "2", "1"], "2"],
    ["a letter", ["B", "A"], "A"],
  ])("is refused where it is %s and another option's text", (_, choices, answer) => {
    const { message } = failure(() => answers({ question: "Q", choices, answer }));
    expect(message).toContain(`answer is ${JSON.stringify(answer)}`);
    expect(message).toContain("index as a number");
  });

  it("is taken where both mean the same option, or there are letters of its own", () => {
    const question = "Q";
    expect(
      answers(
        { question, choices: ["0", "1"], answer: "1" },
        { question, choices: ["10", "20"], answer: "20" },
        { question, choices: ["3", "2", "1"], answer: 2 },
        { question, A: "B", B: "A", answer: "A" },
      ),
    ).toEqual([1, 1, 2, 0]);
  });
});

it("stops at the limit, before what follows is looked at", () => {
  const good = { question: "Q", choices: ["a", "b"], answer: "b" };
  expect(readChoices(file(good, "", good, "rubbish"), 2)).toHaveLength(2);
});

describe("names file, line and field of", () => {
  const good = { question: "Q", choices: ["a", "b"], answer: 0 };
  it.each([
    ["what is not JSON", "{", /questions\.jsonl:2: not JSON/],
    ["a list", "[1]", /:2: not a JSON object/],
    ["a missing question", { choices: ["a", "b"], answer: 0 }, /:2: question is missing/],
    ["missing choices", { question: "Q", answer: 0 }, /:2: choices is missing/],
    ["one choice", { ...good, choices: ["a"] }, /:2: choices must be a list of two/],
    ["a choice that is no text", { ...good, choices: ["a", 1] }, /:2: choices, entry 1 is 1/],
    ["a missing answer", { ...good, answer: undefined }, /:2: answer is missing; it must be/],
    ["an answer beyond the choices", { ...good, answer: 2 }, /:2: answer is 2.*from 0 to 1/],
    ["a letter beyond them", { ...good, answer: "C" }, /:2: answer is "C".*from A to B/],
    [
      "labels of another number",
      { question: "Q", choices: { text: ["a", "b"], label: ["A"] }, answerKey: "A" },
      /:2: choices.label must be a list/,
    ],
    ["a label that is not there", { ctx: "c", endings: ["a", "b"], label: 7 }, /:2: label is 7/],
  ])("%s", (_, line, message) => {
    const error = failure(() => readChoices(file(good, line)));
    expect(error.code).toBe("DATA_INVALID");
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(/docs\/evaluation\.md/);
  });

  it("an empty file and a missing one", () => {
    expect(failure(() => readChoices(file(""))).code).toBe("DATA_EMPTY");
    expect(failure(() => readChoices("/nowhere/q.jsonl")).code).toBe("DATA_NOT_FOUND");
  });
});
