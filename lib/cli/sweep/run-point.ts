import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../config/types.ts";
import { stringifyConfig } from "../../config/stringify.ts";
import { ExitCode, FlmError } from "../../errors.ts";
import { parseOrUndefined } from "../../json.ts";
import { replaceFile } from "../../replace-file.ts";
import { pointName, type SweepPoint, type SweepResult } from "../../scaling/sweep.ts";
import { version } from "../../version.ts";
import { childError, type RunCommand } from "./child.ts";

/** Files of one point in the sweep's directory. */
interface PointFiles {
  config: string;
  run: string;
  result: string;
}

function filesOf(directory: string, point: SweepPoint): PointFiles {
  const name = pointName(point);
  return {
    config: join(directory, `${name}.yaml`),
    run: join(directory, name),
    result: join(directory, `${name}.result.json`),
  };
}

/**
 * Writes the config of a point. One that is there from an earlier call must be the same.
 *
 * @throws FlmError CONFIG_CHANGED, IO
 * @returns its path
 */
export function writePoint(directory: string, point: SweepPoint, config: Config): string {
  const { config: path } = filesOf(directory, point);
  const text = stringifyConfig(config, version);
  if (existsSync(path) && readFileSync(path, "utf8") !== text)
    throw new FlmError("CONFIG_CHANGED", `${path} is of a sweep with another config`, {
      hint: "restore that config, or choose another directory with --out",
    });
  replaceFile(path, text);
  return path;
}

/** What an earlier call measured; null where the point has not been run to its end, or what it left says nothing. */
export function savedResult(directory: string, point: SweepPoint): SweepResult | null {
  const { result } = filesOf(directory, point);
  if (!existsSync(result)) return null;
  const saved = parseOrUndefined(readFileSync(result, "utf8")) as
    { loss: number | null } | undefined;
  return saved === undefined ? null : { ...point, loss: saved.loss };
}

/**
 * Trains one point, or goes on with it, and saves what came out.
 *
 * @returns null when the run was interrupted; its checkpoint stays
 * @throws FlmError with the code of the run, for everything but divergence, which is a result
 */
export async function runPoint(
  directory: string,
  point: SweepPoint,
  env: Record<string, string>,
  run: RunCommand,
): Promise<SweepResult | null> {
  const files = filesOf(directory, point);
  const outcome = await run(["train", files.config, "--json", "--out", files.run], env);
  const { exit_code, stdout } = outcome;
  if (exit_code === ExitCode.interrupted || exit_code === ExitCode.try_again) return null;
  if (exit_code !== ExitCode.done && exit_code !== ExitCode.diverged)
    throw childError(files.run, outcome);
  const loss = exit_code === ExitCode.done ? finalLoss(stdout) : null;
  replaceFile(files.result, `${JSON.stringify({ loss })}\n`);
  return { ...point, loss };
}

function finalLoss(stdout: string): number | null {
  const { validation_loss, loss } = JSON.parse(stdout) as Record<string, number | null>;
  return validation_loss ?? loss ?? null;
}
