import { expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { issuePaths, userConfig } from "./fixtures.ts";

const inEval = (evaluation: object) => userConfig([{}], { eval: evaluation });

test("choice needs a file of questions, and nothing else reads one", () => {
  for (const evaluation of [
    { suites: ["iq", "choice"] },
    { suites: ["iq"], choice_file: "quiz.jsonl" },
  ])
    expect(issuePaths(() => resolveConfig(inEval(evaluation)))).toEqual(["eval.choice_file"]);
});

test("the file's path becomes absolute", () => {
  const config = resolveConfig(inEval({ suites: ["choice"], choice_file: "quiz.jsonl" }));
  expect(config.eval.choice_file).toMatch(/^\/.*\/quiz\.jsonl$/);
});
