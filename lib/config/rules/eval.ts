import { MISSING } from "../zod-findings.ts";
import type { Rule } from "./rule.ts";

/** Which keys go with which suite. */
export const evalRules: Rule = ({ eval: evaluation }, report) => {
  const { suites, choice_file } = evaluation;
  if (suites.includes("choice") && choice_file === null)
    report(["eval", "choice_file"], MISSING, "the choice suite needs a JSONL file of questions");
  if (!suites.includes("choice") && choice_file !== null)
    report(["eval", "choice_file"], "is not read without the suite", "add choice to eval.suites");
};
