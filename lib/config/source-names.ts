import type { ParsedConfig } from "./types.ts";

/** What each entry of `data.sources` is called: its name or, without one, its place in the list. */
export function sourceNames(
  sources: readonly Pick<ParsedConfig["data"]["sources"][number], "name">[],
): string[] {
  return sources.map(({ name }, i) => name ?? String(i));
}
