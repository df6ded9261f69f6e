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

/** The one list of what the schema accepts and the program does not do yet. */
export const NOT_YET: readonly NotYet[] = [
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
    keys: "eval.suites",
    feature: "scoring suites while several ranks train one model",
    instead: "leave perplexity alone in the list; flm-train eval scores a checkpoint",
    askedBy: ({ eval: { suites }, stages }) =>
      suites.some((suite) => suite !== "perplexity") &&
      stages.some(({ parallel }) => isSplit(parallel))
        ? [["eval", "suites"]]
        : [],
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

function isSplit(parallel: ParallelConfig): boolean {
  const { tensor_parallel_size, pipeline_parallel_size, data_parallel_size } = parallel;
  return tensor_parallel_size * pipeline_parallel_size * (data_parallel_size ?? 1) > 1;
}

function valueAt(config: Config, path: Path): string {
  let value: unknown = config;
  for (const segment of path) value = (value as Record<string, unknown>)[segment];
  return String(value);
}
