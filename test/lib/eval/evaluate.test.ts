import { describe, expect, test } from "vitest";
import { checkOptions, type EvaluateOptions } from "../../../lib/eval/evaluate.ts";
import { failure } from "../failure.ts";

describe("options of a suite", () => {
  test.each<EvaluateOptions>([
    { suite: "iq", limit: 3, compare: "runs/other" },
    { suite: "choice", file: "quiz.jsonl", limit: 3, shots: 0, answers: "text" },
    { suite: "perplexity" },
    { suite: "perplexity", file: "text.jsonl", field: "body", limit: 3 },
  ])("%j are taken", (options) => {
    checkOptions(options);
  });

  test.each<[EvaluateOptions, string]>([
    [{ suite: "perplexity", shots: 2 }, "shots is for the choice suite, not for perplexity"],
    [{ suite: "iq", answers: "text" }, "answers is for the choice suite, not for iq"],
    [{ suite: "iq", field: "body" }, "field is for the perplexity suite, not for iq"],
    [{ suite: "perplexity", limit: 3 }, "limit counts documents of a file"],
    [{ suite: "perplexity", compare: "runs/other" }, "cannot compare"],
    [{ suite: "choice" }, "needs a file"],
    [{ suite: "choice", file: "quiz.jsonl", shots: -1 }, "shots is -1"],
  ])("%j are refused, and not passed over", (options, problem) => {
    const { code, message } = failure(() => checkOptions(options));
    expect(code).toBe("USAGE");
    expect(message).toContain(problem);
  });
});
