import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Config } from "../../config/types.ts";
import { FlmError, ioError } from "../../errors.ts";
import type { Source } from "../read/documents.ts";
import type { Samples } from "../read/samples.ts";
import { findSourceFiles } from "../read/source-files.ts";
import { tokenizerFileJson } from "../tokenizer/file-json.ts";

/** Counts up whenever the same files and config give other tokens or another summary. */
const CACHE_VERSION = 6;

/** What a tokenized corpus follows from beside its text. */
export interface Settings {
  readonly validation_fraction: number;
  readonly on_bad_row: Config["data"]["on_bad_row"];
  readonly tokenizer: Config["tokenizer"];
  /** The tokenizer.json of `tokenizer.path` for type file. */
  readonly tokenizer_json: string | null;
}

/** All that the tokenized corpus follows from. */
export interface Recipe extends Settings {
  readonly sources: readonly Source[];
}

/** Finds the files that a config names. */
export function findSources(config: Config): Source[] {
  const samples = samplesOf(config);
  return config.data.sources.map((source, index) => ({
    files: findSourceFiles(source, index),
    field: source.field,
    samples: samples[index]!,
  }));
}

/** What each of `data.sources` holds. */
export function samplesOf({ data, objective }: Config): Samples[] {
  return data.sources.map(({ type }) => (objective.type === "dpo" ? "preference" : type));
}

/** @param json a tokenizer.json to use in place of the config's */
export function readSettings({ data, tokenizer }: Config, json?: string): Settings {
  return {
    validation_fraction: data.validation.fraction,
    on_bad_row: data.on_bad_row,
    ...(json === undefined
      ? {
          tokenizer,
          tokenizer_json: tokenizer.type === "file" ? readTokenizer(tokenizer) : null,
        }
      : {
          tokenizer: { ...tokenizer, type: "file", vocab_size: null, path: null },
          tokenizer_json: json,
        }),
  };
}

/** Files count by path, size and time of modification: reading them all would cost most of what a cache saves. */
export function sourcesKey(sources: readonly Source[]): string {
  return keyOf(sources);
}

/** The name under which the result is cached. */
export function recipeKey(settings: Settings, sources_key: string): string {
  return keyOf([CACHE_VERSION, sources_key, settings]);
}

function keyOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
}

function readTokenizer({ path, split }: Config["tokenizer"]): string {
  return tokenizerFileJson(readText(path!), path!, split);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT")
      throw new FlmError("TOKENIZER_INVALID", `tokenizer.path: there is no file ${path}`, {
        hint: "check the path; a relative one counts from the working directory",
        cause,
      });
    throw ioError("read tokenizer.path", path, cause);
  }
}
