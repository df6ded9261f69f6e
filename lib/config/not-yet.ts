import type { Finding } from "./finding.ts";
import type { Path } from "./schema/walk.ts";
import type { Config, ParallelConfig } from "./types.ts";

/** A part of the schema whose feature does not exist yet. */
interface NotYet {
  /** The keys that can ask for it, as docs/config.md names them. */
  readonly keys: string;
  readonly feature: string;
  readonly instead: string;
  /** The keys of `config` that ask for it. */
  readonly askedBy: (config: Config) => Path[];
}

const PARALLEL_SIZES = [
  "tensor_parallel_size",
  "pipeline_parallel_size",
  "virtual_pipeline_size",
  "data_parallel_size",
] as const;

/** The one list of what the schema accepts and the program does not do yet. */
export const NOT_YET: readonly NotYet[] = [
  {
    keys: "init.from",
    feature: "continuing from another run's checkpoint",
    instead: "use null; a run's own directory is resumed without it",
    askedBy: ({ init }) => (init.from === null ? [] : [["init", "from"]]),
  },
  {
    keys: "stages[].vocab_size",
    feature: "a vocabulary that grows with the stages",
    instead: "use null; every stage has the tokenizer's",
    askedBy: ({ stages }) =>
      stages.flatMap(({ vocab_size }, i) =>
        vocab_size === null ? [] : [["stages", i, "vocab_size"]],
      ),
  },
  {
    keys: "stages[].parallel.*_size",
    feature: "training on several ranks",
    instead: "use 1",
    askedBy: (config) =>
      PARALLEL_SIZES.flatMap((key) =>
        inStages(config, key, (parallel) => (parallel[key] ?? 1) > 1),
      ),
  },
  {
    keys: "stages[].parallel.sequence_parallel",
    feature: "sequence parallelism",
    instead: "use false",
    askedBy: (config) =>
      inStages(config, "sequence_parallel", (parallel) => parallel.sequence_parallel),
  },
  {
    keys: "stages[].parallel.recompute",
    feature: "selective recomputation",
    instead: "use none or full",
    askedBy: (config) =>
      inStages(config, "recompute", (parallel) => parallel.recompute === "selective"),
  },
  {
    keys: "data.sources[].format",
    feature: "reading Parquet",
    instead: "use jsonl or text",
    askedBy: ({ data }) =>
      data.sources.flatMap((source, i) =>
        source.format === "parquet" ? [["data", "sources", i, "format"]] : [],
      ),
  },
  {
    keys: "objective.type",
    feature: "an objective other than language",
    instead: "use language",
    askedBy: ({ objective }) => (objective.type === "language" ? [] : [["objective", "type"]]),
  },
  {
    keys: "optimizer.state_precision",
    feature: "keeping AdamW's moments in bf16",
    instead: "use f32",
    askedBy: ({ optimizer }) =>
      optimizer.state_precision === "f32" ? [] : [["optimizer", "state_precision"]],
  },
  {
    keys: "schedule.horizon",
    feature: "a decay that ends with a number of tokens",
    instead: "use run or stage",
    askedBy: ({ schedule }) => (schedule.horizon === "tokens" ? [["schedule", "horizon"]] : []),
  },
  {
    keys: "stability.spike_sigma",
    feature: "watching for loss spikes",
    instead: "leave it out; skip_non_finite works",
    askedBy: ({ stability }) =>
      stability.spike_sigma === null ? [] : [["stability", "spike_sigma"]],
  },
  {
    keys: "stability.max_rollbacks",
    feature: "going back to a checkpoint after a spike",
    instead: "leave it out; skip_non_finite works",
    askedBy: ({ stability }) =>
      stability.max_rollbacks === null ? [] : [["stability", "max_rollbacks"]],
  },
  {
    keys: "checkpoint.async",
    feature: "writing checkpoints while training goes on",
    instead: "use false",
    askedBy: ({ checkpoint }) => (checkpoint.async ? [["checkpoint", "async"]] : []),
  },
];

/** A finding for every key of `config` that asks for something on the list. */
export function notSupportedYet(config: Config): Finding[] {
  return NOT_YET.flatMap(({ feature, instead, askedBy }) =>
    askedBy(config).map((path) => ({
      path,
      problem: `${valueAt(config, path)} is not supported yet (${feature})`,
      remedy: instead,
      notSupported: true,
    })),
  );
}

function inStages(
  { stages }: Config,
  key: keyof ParallelConfig,
  asks: (parallel: ParallelConfig) => boolean,
): Path[] {
  return stages.flatMap((stage, i) =>
    asks(stage.parallel) ? [["stages", i, "parallel", key]] : [],
  );
}

function valueAt(config: Config, path: Path): string {
  let value: unknown = config;
  for (const segment of path) value = (value as Record<string, unknown>)[segment];
  return String(value);
}
