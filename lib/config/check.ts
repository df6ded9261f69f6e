import type { Finding, Report } from "./finding.ts";
import { resolveModel } from "./resolve-model.ts";
import { absolutePaths } from "./resolve-paths.ts";
import { resolveStages } from "./resolve-stages.ts";
import { RULES } from "./rules/index.ts";
import { configSchema } from "./schema/index.ts";
import type { Path } from "./schema/walk.ts";
import type { Config } from "./types.ts";
import { explainedBy, findingsOf } from "./zod-findings.ts";

export interface Checked {
  /** Present when nothing was found. */
  readonly config: Config | undefined;
  readonly findings: readonly Finding[];
}

/** Checks and resolves a user's config. Never throws: all that is wrong comes back at once. */
export function checkConfig(input: unknown, cwd: string): Checked {
  let parsed = configSchema.safeParse(input);
  let unknown: readonly Finding[] = [];
  if (!parsed.success) {
    unknown = findingsOf(parsed.error.issues, input);
    if (!unknown.every((finding) => finding.unknownKey))
      return { config: undefined, findings: unknown };
    // With unknown keys as the only fault, the rules can still be checked on the rest.
    const paths = unknown.map(({ path }) => path);
    parsed = configSchema.safeParse(paths.reduce(without, input));
    if (!parsed.success) return { config: undefined, findings: unknown };
  }
  const findings: Finding[] = [];
  const report: Report = (path, problem, remedy) => void findings.push({ path, problem, remedy });
  const model = resolveModel(parsed.data, report);
  const stages = resolveStages(parsed.data, model, report);
  let config: Config | undefined;
  if (stages !== undefined) {
    const resolved: Config = absolutePaths({ ...parsed.data, model, stages }, cwd);
    for (const rule of RULES) rule(resolved, report);
    if (findings.length === 0 && unknown.length === 0) config = resolved;
  }
  const unexplained = findings.filter((finding) => !explainedBy(unknown, finding));
  return { config, findings: [...unknown, ...unexplained] };
}

/** A copy of `value` without the key at `path`. What lies beside the path is not copied: it may be anything. */
function without(value: unknown, path: Path): unknown {
  const [segment, ...rest] = path;
  const copy: unknown = Array.isArray(value) ? [...value] : { ...(value as object) };
  const container = copy as Record<string | number, unknown>;
  if (rest.length === 0) delete container[segment!];
  else container[segment!] = without(container[segment!], rest);
  return copy;
}
