import type { Report } from "../finding.ts";
import type { Config } from "../types.ts";
import type { Rule } from "./rule.ts";

/** The objectives that learn from each type of source, beside text. */
const OBJECTIVES = { proposition: ["freelm"], conversation: ["instruct", "dpo"] } as const;

/** Which sources go with which objective. */
export const objectiveRules: Rule = (config, report) => {
  const { type } = config.objective;
  const { sources } = config.data;
  for (const [i, { type: samples, format }] of sources.entries()) {
    const at = ["data", "sources", i, "type"];
    if (samples === "text") continue;
    const wanted: readonly string[] = OBJECTIVES[samples];
    if (!wanted.includes(type))
      report(
        at,
        `${samples} cannot be learned with objective.type ${type}`,
        `use objective.type ${wanted.join(" or ")}, or type text`,
      );
    if (format === "text")
      report(at, `${samples} cannot be made of format text`, "use format jsonl or parquet");
  }
  for (const [samples, wanted] of Object.entries(OBJECTIVES))
    if (
      (wanted as readonly string[]).includes(type) &&
      !sources.some((own) => own.type === samples)
    )
      report(
        ["objective", "type"],
        `${type} has no source to learn from`,
        `set type: ${samples} on one of data.sources`,
      );
  if (type === "dpo") preferenceRules(config, report);
};

/** A step needs whole pairs on every rank, and rows that the reference model has seen as they are. */
function preferenceRules({ data, init, stages }: Config, report: Report): void {
  for (const [i, { type }] of data.sources.entries())
    if (type === "text")
      report(
        ["data", "sources", i, "type"],
        "text holds no pairs of answers",
        "with objective.type dpo every source is a conversation",
      );
  if (init.from === null)
    report(
      ["init", "from"],
      "is null, but dpo compares with the model that the run starts from",
      "name the run or checkpoint to tune",
    );
  for (const [i, stage] of stages.entries()) {
    const { data_parallel_size, pipeline_parallel_size } = stage.parallel;
    if (stage.seq_length !== stages[0]!.seq_length)
      report(
        ["stages", i, "seq_length"],
        `${stage.seq_length} differs from the first stage's, and dpo compares the same rows in all`,
        `use ${stages[0]!.seq_length}`,
      );
    if (pipeline_parallel_size > 1)
      report(
        ["stages", i, "parallel", "pipeline_parallel_size"],
        `${pipeline_parallel_size} does not go with dpo, whose every rank needs the losses`,
        "use 1, and data or tensor parallelism",
      );
    const ranks = data_parallel_size ?? 1;
    if (stage.global_batch_size % (2 * ranks) !== 0)
      report(
        ["stages", i, "global_batch_size"],
        `${stage.global_batch_size} rows are no whole pairs on each of ${ranks} data-parallel ranks`,
        `use a multiple of ${2 * ranks}: a pair takes two rows`,
      );
  }
}
