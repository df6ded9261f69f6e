import type { Rule } from "./rule.ts";

/** The objective that learns from each type of source, beside text. */
const OBJECTIVES = { proposition: "freelm", conversation: "instruct" } as const;

/** Which sources go with which objective. */
export const objectiveRules: Rule = ({ objective: { type }, data }, report) => {
  for (const [i, { type: samples, format }] of data.sources.entries()) {
    const at = ["data", "sources", i, "type"];
    if (samples === "text") continue;
    if (OBJECTIVES[samples] !== type)
      report(
        at,
        `${samples} cannot be learned with objective.type ${type}`,
        `use objective.type ${OBJECTIVES[samples]}, or type text`,
      );
    if (format === "text")
      report(at, `${samples} cannot be made of format text`, "use format jsonl or parquet");
  }
  for (const [samples, wanted] of Object.entries(OBJECTIVES))
    if (wanted === type && !data.sources.some((source) => source.type === samples))
      report(
        ["objective", "type"],
        `${type} has no source to learn from`,
        `set type: ${samples} on one of data.sources`,
      );
};
