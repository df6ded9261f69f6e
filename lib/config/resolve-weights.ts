import type { Report } from "./finding.ts";
import { nearest } from "./nearest.ts";
import { sourceNames } from "./source-names.ts";
import type { ParsedConfig } from "./types.ts";

/** `stages[].weights` as a list in the order of `data.sources`; null where the stage has none of its own. */
export function resolveWeights(
  { stages, data }: ParsedConfig,
  index: number,
  report: Report,
): number[] | null {
  const { weights } = stages[index]!;
  if (weights === null) return null;
  const at = ["stages", index, "weights"];
  const names = sourceNames(data.sources);
  if (Array.isArray(weights)) {
    if (weights.length !== names.length)
      report(
        at,
        `has ${weights.length} weights for the ${names.length} entries of data.sources`,
        "give one weight for each, in their order; 0 leaves one out",
      );
    return weights;
  }
  for (const name of Object.keys(weights)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    report(
      [...at, name],
      "is the name of none of data.sources",
      near === undefined ? `they are ${names.join(", ")}` : `did you mean ${near}?`,
    );
  }
  const missing = names.filter((name) => !Object.hasOwn(weights, name));
  if (missing.length > 0)
    report(at, `says nothing of ${missing.join(", ")}`, "name every source; 0 leaves one out");
  return names.map((name) => weights[name] ?? 0);
}
