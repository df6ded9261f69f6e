import { isAbsolute, join, resolve } from "node:path";
import type { ParsedConfig } from "./types.ts";

/** `config` with every path made absolute, counted from `cwd`. */
export function absolutePaths<
  T extends Pick<ParsedConfig, "data" | "init" | "tokenizer" | "distributed" | "eval">,
>(config: T, cwd: string): T {
  const file = (path: string) => resolve(cwd, path);
  const optional = (path: string | null) => (path === null ? null : file(path));
  // join keeps a glob's trailing slash, which asks for directories.
  const glob = (path: string) => (isAbsolute(path) ? path : join(cwd, path));
  return {
    ...config,
    init: { ...config.init, from: optional(config.init.from) },
    tokenizer: { ...config.tokenizer, path: optional(config.tokenizer.path) },
    data: {
      ...config.data,
      sources: config.data.sources.map((source) => ({ ...source, path: source.path.map(glob) })),
      cache_dir: file(config.data.cache_dir),
    },
    eval: { ...config.eval, choice_file: optional(config.eval.choice_file) },
    distributed: { ...config.distributed, secret_file: optional(config.distributed.secret_file) },
  };
}
