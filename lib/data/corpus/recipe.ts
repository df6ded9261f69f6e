import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Config } from "../../config/types.ts";
import { FlmError, ioError } from "../../errors.ts";
import type { Source } from "../read/documents.ts";
import { findSourceFiles } from "../read/source-files.ts";
import { tokenizerFileJson } from "../tokenizer/file-json.ts";

/** Counts up whenever the same files and config give other tokens or another summary. */
const CACHE_VERSION = 4;

/** All that the tokenized corpus follows from. */
export interface Recipe {
  readonly sources: readonly Source[];
  readonly validation_fraction: number;
  readonly on_bad_row: Config["data"]["on_bad_row"];
  readonly tokenizer: Config["tokenizer"];
  /** The tokenizer.json of `tokenizer.path` for type file. */
  readonly tokenizer_json: string | null;
}

/**
 * Finds the files that a config names.
 *
 * @param json a tokenizer.json to use in place of the config's
 */
export function readRecipe({ data, objective, tokenizer }: Config, json?: string): Recipe {
  return {
    sources: data.sources.map((source, index) => ({
      files: findSourceFiles(source, index),
      field: source.field,
      samples: objective.type === "dpo" ? "preference" : source.type,
    })),
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

/**
 * The name under which the result is cached. Files count by path, size and time of modification: reading them all
 * would cost most of what the cache saves.
 */
export function recipeKey(recipe: Recipe): string {
  const text = JSON.stringify([CACHE_VERSION, recipe]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
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
