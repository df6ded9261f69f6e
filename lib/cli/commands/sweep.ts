import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/types.ts";
import { parseTokenCount } from "../../config/schema/token-count.ts";
import { ExitCode, ioError } from "../../errors.ts";
import { makeDirectory } from "../../make-directory.ts";
import {
  gridPoints,
  pointName,
  proxyConfig,
  type SweepGrid,
  sweepGrid,
} from "../../scaling/sweep.ts";
import { collect, positiveInteger } from "../options.ts";
import { childError, Interruption, runChild } from "../sweep/child.ts";
import { checkCoordinates, coordinateText } from "../sweep/coordinate-check.ts";
import { runPoint, savedResult, writePoint } from "../sweep/run-point.ts";
import { placementOf } from "../sweep/placement.ts";
import { sweepOutcome, sweepText } from "../sweep/report.ts";
import { runSweep } from "../sweep/run-sweep.ts";

interface Options {
  set?: string[];
  width?: number;
  tokens?: number;
  lr?: number[];
  initStd?: number[];
  outputMult?: number[];
  jobs?: number;
  out?: string;
  coordinateCheck?: boolean;
  steps: number;
  json?: boolean;
}

/** Widths of the coordinate check, in units of the proxy's. */
const WIDENINGS = [1, 2, 4, 8];

export function sweepCommand(): Command {
  return new Command("sweep")
    .description("find learning rate, init deviation and output multiplier on a narrow proxy (muP)")
    .argument("<config.yaml>", "of the large model; its first stage, narrowed, is the proxy")
    .option("--set <path=value>", "override a config key (repeatable)", collect)
    .option(
      "--width <n>",
      "hidden size of the proxy (default: model.mup.base_hidden_size)",
      positiveInteger,
    )
    .option("--tokens <n>", "tokens of each run, like 2M (default: the first stage's)", tokens)
    .option(
      "--lr <list>",
      "base rates, comma-separated (default: factors of 2 around the config's)",
      list,
    )
    .option("--init-std <list>", "deviations (default: the config's)", list)
    .option("--output-mult <list>", "multipliers of the logits (default: the config's)", list)
    .option("--jobs <n>", "runs at once (default: one a GPU, or one a core)", positiveInteger)
    .option("--out <dir>", "the sweep's directory (default: runs/<name>-sweep)")
    .addOption(
      new Option(
        "--coordinate-check",
        "instead of a grid: how far activations move in the first steps, at 1, 2, 4 and 8 times the width",
      ).conflicts(["tokens", "jobs", "out"]),
    )
    .option("--steps <n>", "of the coordinate check", positiveInteger, 8)
    .option("--json", "print one result object on stdout")
    .addHelpText(
      "after",
      `
The same command again goes on where it was stopped, and adds points of a larger grid. Values are written as a config for
the large model. muP transfers over width alone: depth, batch and tokens stay as in the proxy.

Examples:
  flm-train sweep config.yaml --width 128 --tokens 2M --lr 5e-4,1e-3,2e-3,4e-3,8e-3 --init-std 0.01,0.02
  flm-train sweep config.yaml --width 64 --coordinate-check`,
    )
    .action(run);
}

async function run(path: string, options: Options): Promise<void> {
  const { config } = loadConfig(path, { sets: options.set ?? [] });
  const grid = sweepGrid(config, givenGrid(options));
  const width = options.width ?? config.model.mup!.base_hidden_size;
  if (options.coordinateCheck) return runCoordinateCheck(config, width, options);
  const points = gridPoints(grid);
  const directory = resolve(options.out ?? `runs/${config.name}-sweep`);
  createDirectory(directory);
  const proxy = { width, tokens: options.tokens ?? config.stages[0]!.tokens };
  const paths = points.map((point) =>
    writePoint(directory, point, proxyConfig(config, point, proxy)),
  );
  const unfinished = points.some((point) => savedResult(directory, point) === null);
  // Once, and not by every run at the same time.
  if (unfinished) await prepareData(paths[0]!);
  const { jobs, environment } = placementOf(config, options.jobs);
  const note = (text: string) => process.stderr.write(`${text}\n`);
  const interruption = new Interruption();
  try {
    const results = await runSweep(points, {
      jobs,
      run: async (point, slot) => {
        const saved = savedResult(directory, point);
        if (saved || interruption.isThere) return saved;
        return runPoint(directory, point, environment(slot), interruption.run);
      },
      onResult: (result) => note(`${pointName(result)}  ${result.loss?.toFixed(4) ?? "diverged"}`),
    });
    const outcome = sweepOutcome(config, grid, results, directory);
    process.stdout.write(options.json ? `${JSON.stringify(outcome)}\n` : sweepText(outcome, grid));
    if (outcome.status !== "done") process.exitCode = ExitCode.interrupted;
  } finally {
    interruption.stopListening();
  }
}

/** At the first of each of the grid's values that are given, and at the config's own otherwise. */
async function runCoordinateCheck(config: Config, width: number, options: Options): Promise<void> {
  const given = givenGrid({ ...options, lr: options.lr ?? [config.optimizer.lr] });
  const [point] = gridPoints(sweepGrid(config, given));
  const widths = WIDENINGS.map((factor) => factor * width);
  const check = await checkCoordinates(config, { widths, steps: options.steps, point: point! });
  process.stdout.write(options.json ? `${JSON.stringify(check)}\n` : coordinateText(check));
}

function createDirectory(path: string): void {
  try {
    makeDirectory(path);
  } catch (cause) {
    throw ioError("create", path, cause);
  }
}

async function prepareData(config: string): Promise<void> {
  const outcome = await runChild(["tokenize", config, "--json"], {}).outcome;
  if (outcome.exit_code !== ExitCode.done) throw childError(`tokenizing for ${config}`, outcome);
}

function givenGrid({ lr, initStd, outputMult }: Options): Partial<SweepGrid> {
  return {
    ...(lr && { lr }),
    ...(initStd && { init_std: initStd }),
    ...(outputMult && { output_mult: outputMult }),
  };
}

function list(text: string): number[] {
  const values = text.split(",").map(Number);
  if (!values.every((value) => value > 0 && Number.isFinite(value)))
    throw new InvalidArgumentError("It must be numbers above 0, separated by commas.");
  return [...new Set(values)].sort((a, b) => a - b);
}

function tokens(text: string): number {
  const value = parseTokenCount(text);
  if (typeof value !== "number" || !(value > 0))
    throw new InvalidArgumentError("It must be a number of tokens, like 500k or 2M.");
  return value;
}
