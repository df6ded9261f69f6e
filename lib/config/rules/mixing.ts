import type { Report } from "../finding.ts";
import { sourceNames } from "../source-names.ts";
import type { Config } from "../types.ts";
import type { Rule } from "./rule.ts";

/** The shares of the sources, and how they change. */
export const mixingRules: Rule = (config, report) => {
  const { data, stages } = config;
  const names = sourceNames(data.sources);
  for (const [i, name] of names.entries())
    if (names.indexOf(name) < i)
      report(
        ["data", "sources", i, "name"],
        `${name} is the name of data.sources.${names.indexOf(name)} as well`,
        "give each source a name of its own",
      );
  for (const [i, { weights }] of stages.entries())
    if (weights !== null && !weights.some((weight) => weight > 0))
      report(["stages", i, "weights"], "are all 0", "give one source a weight above 0");
  if (data.mixing === "dynamic") dynamicRules(config, report);
};

/** Dynamic batch loading compares validation losses by source with those that they are to reach. */
function dynamicRules(config: Config, report: Report): void {
  const { data, objective, stages } = config;
  const { suites } = config.eval;
  const at = ["data", "mixing"];
  if (objective.type === "dpo")
    report(at, "dynamic has no losses of texts under objective.type dpo", "use stages or linear");
  if (data.sources.length === 1)
    report(at, "dynamic has one source only", "name several sources, or leave it out");
  if (data.validation.fraction === 0 || !suites.includes("perplexity"))
    report(
      at,
      "dynamic needs validation losses",
      "set data.validation.fraction above 0 and keep perplexity in eval.suites",
    );
  for (const [i, { reference_loss }] of data.sources.entries()) {
    const place = ["data", "sources", i, "reference_loss"];
    if (reference_loss === null)
      report(
        place,
        "is null, but data.mixing is dynamic",
        "give the loss that the source is to reach: of a model trained on it, or predicted by flm-train fit",
      );
    else if (Array.isArray(reference_loss) && reference_loss.length !== stages.length)
      report(
        place,
        `has ${reference_loss.length} losses for ${stages.length} stages`,
        "give one for each stage, or a single one",
      );
  }
  for (const [i, { weights }] of stages.entries())
    if (weights?.includes(0))
      report(
        ["stages", i, "weights"],
        "has a 0, but data.mixing is dynamic",
        "use a small weight: every source stays in the mixture",
      );
}
