import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { FlmError, ioError } from "../errors.ts";
import { shellWord } from "../format.ts";
import { packagePath } from "../package-path.ts";
import { checkConfig } from "./check.ts";
import {
  byPosition,
  formatPath,
  summarise,
  toIssue,
  type Finding,
  type Position,
} from "./finding.ts";
import { applyOverride, parseOverride, type Override } from "./overrides.ts";
import type { ResolveOptions } from "./resolve.ts";
import type { Path } from "./schema/walk.ts";
import type { Config } from "./types.ts";
import { parseYaml, type YamlSource } from "./yaml-source.ts";

export interface LoadOptions extends ResolveOptions {
  /** `path=value` each, applied in order on top of the file. */
  sets?: readonly string[];
  /** Directory of the run; `runs/<name>` by default. */
  out?: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path of the file. */
  readonly path: string;
  /** Absolute path of the run directory; it need not exist. */
  readonly run_dir: string;
  /** Where a key (`stages.1.hidden_size`) stands in the file; undefined when it is not from there. */
  positionOf(path: string): Position | undefined;
}

/**
 * Reads, checks and resolves a YAML config.
 *
 * @throws FlmError CONFIG_NOT_FOUND; CONFIG_INVALID with every issue, its line and column
 */
export function loadConfig(path: string, options: LoadOptions = {}): LoadedConfig {
  const cwd = options.cwd ?? process.cwd();
  const file = resolve(cwd, path);
  const source = parseYaml(readText(file, path, cwd), path);
  const { overrides, findings: badOverrides } = applyOverrides(source.value, options.sets ?? []);
  const { config, findings } = checkConfig(source.value, cwd);
  if (config === undefined || badOverrides.length > 0) {
    const issues = [
      ...badOverrides.map(({ finding, text }) => toIssue(finding, undefined, `--set ${text}`)),
      ...findings.map((finding) => locate(finding, source, overrides)).sort(byPosition),
    ];
    throw new FlmError("CONFIG_INVALID", summarise(path, issues), { issues });
  }
  return {
    config,
    path: file,
    run_dir: resolve(cwd, options.out ?? `runs/${config.name}`),
    positionOf: (dotted) => {
      const keyPath = dotted.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
      return overrideOf(keyPath, overrides) ? undefined : source.positionOf(keyPath);
    },
  };
}

function readText(file: string, shown: string, cwd: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new FlmError("CONFIG_NOT_FOUND", `there is no config file ${shown}`, {
        hint: inPackage(shown, cwd) ?? "check the path, or let `flm-train init` write a config",
        cause,
      });
    if (code === "EISDIR")
      throw new FlmError("CONFIG_NOT_FOUND", `${shown} is a directory, not a config file`, {
        hint: "give the path of the YAML file in it",
        cause,
      });
    throw ioError("read the config", shown, cause);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FlmError("CONFIG_INVALID", `${shown} is not UTF-8 text`, {
      hint: "save it as UTF-8; UTF-16, which some editors and shells write, is not read",
      issues: [{ path: "", message: "is not UTF-8 text" }],
      cause,
    });
  }
}

/** Examples are named by their path in this package, and name their data so. */
function inPackage(path: string, cwd: string): string | undefined {
  const isThere = path.startsWith("examples/") && existsSync(resolve(cwd, packagePath(path, cwd)));
  return isThere ? `cp -r ${shellWord(packagePath("examples", cwd))} . brings it here` : undefined;
}

function applyOverrides(
  root: Record<string, unknown>,
  texts: readonly string[],
): { overrides: Override[]; findings: { finding: Finding; text: string }[] } {
  const overrides: Override[] = [];
  const findings: { finding: Finding; text: string }[] = [];
  for (const text of texts) {
    const parsed = parseOverride(text);
    const finding = "problem" in parsed ? parsed : applyOverride(root, parsed);
    if (finding !== undefined) findings.push({ finding, text });
    else overrides.push(parsed as Override);
  }
  return { overrides, findings };
}

/** The last override that set `path` or something around it. */
function overrideOf(path: Path, overrides: readonly Override[]): Override | undefined {
  const dotted = `${formatPath(path)}.`;
  return overrides.findLast((override) => dotted.startsWith(`${formatPath(override.path)}.`));
}

function locate(finding: Finding, source: YamlSource, overrides: readonly Override[]) {
  const override = overrideOf(finding.path, overrides);
  if (override !== undefined) return toIssue(finding, undefined, `--set ${override.text}`);
  const position = finding.unknownKey
    ? source.keyPositionOf(finding.path)
    : source.positionOf(finding.path);
  return toIssue(finding, position);
}
