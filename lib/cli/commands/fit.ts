import { Command } from "commander";
import { FlmError } from "../../errors.ts";
import { readRun } from "../../report/read/run.ts";
import { fitRuns, type FitRunsOptions } from "../../scaling/fit-runs.ts";
import { fitText } from "../fit-text.ts";
import { observedRun } from "../observed-run.ts";
import { positiveInteger, positiveNumber } from "../options.ts";

interface Options {
  targetFlops?: number;
  targetParameters?: number;
  step?: number;
  json?: boolean;
}

export function fitCommand(): Command {
  return new Command("fit")
    .description("predict losses from runs: of larger models, and of runs that grow")
    .argument("<run...>", "directories of runs; three or more sizes make a curve")
    .option(
      "--target-flops <x>",
      "fit over training FLOPs and predict at this many",
      positiveNumber,
    )
    .option(
      "--target-parameters <n>",
      "fit over parameters and predict at this many",
      positiveNumber,
    )
    .option(
      "--step <n>",
      "compare the runs at this step (default: the last that all have)",
      positiveInteger,
    )
    .option("--json", "print one result object on stdout")
    .addHelpText(
      "after",
      `
Runs that do not grow, of three or more different sizes, give L(C) = a · C^b + c, read at the same step of each; they
must differ in width alone for it to mean much. For runs that grew, a law L(N, D) is chained over their stages and
compared with what they showed.

Examples:
  flm-train fit runs/w64 runs/w128 runs/w256 --target-parameters 50e6
  flm-train fit runs/w64 runs/w128 runs/grown`,
    )
    .action(run);
}

async function run(directories: string[], options: Options): Promise<void> {
  const runs = [];
  for (const directory of directories) runs.push(observedRun(await readRun(directory)));
  const result = fitRuns(runs, fitOptions(options));
  if (options.json) process.stdout.write(`${JSON.stringify({ status: "done", ...result })}\n`);
  else process.stdout.write(fitText(result));
}

function fitOptions({ targetFlops, targetParameters, step }: Options): FitRunsOptions {
  if (targetFlops !== undefined && targetParameters !== undefined)
    throw new FlmError("USAGE", "--target-flops and --target-parameters ask for two fits", {
      hint: "give one of them",
    });
  const target = targetFlops ?? targetParameters;
  return {
    axis: targetFlops === undefined ? "parameters" : "flops",
    ...(target === undefined ? {} : { target }),
    ...(step === undefined ? {} : { step }),
  };
}
