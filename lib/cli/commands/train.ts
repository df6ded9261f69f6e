import { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { ExitCode } from "../../errors.ts";
import { checkMeshes } from "../../parallel/check-meshes.ts";
import { detectLaunch } from "../../parallel/launch/detect.ts";
import { followLifeline } from "../../parallel/launch/lifeline.ts";
import { runLocalRanks } from "../../parallel/launch/local.ts";
import { worldSizeOf } from "../../parallel/mesh.ts";
import type { TrainResult } from "../../train/events.ts";
import { runTraining } from "../../train/train.ts";
import { gpusFor } from "../gpus.ts";
import { collect } from "../options.ts";
import { TrainReporter } from "../train-reporter.ts";

const EXIT_CODES: Record<TrainResult["status"], ExitCode> = {
  done: ExitCode.done,
  interrupted: ExitCode.interrupted,
  preempted: ExitCode.try_again,
};

interface Options {
  set?: string[];
  out?: string;
  fresh?: boolean;
  json?: boolean;
}

export function trainCommand(): Command {
  return new Command("train")
    .description("train a config to its end; a directory with a checkpoint is resumed")
    .argument("<config.yaml>")
    .option(
      "--set <path=value>",
      "override a config key, e.g. stages.0.tokens=1M (repeatable)",
      collect,
    )
    .option("--out <dir>", "the run's directory (default: runs/<name>)")
    .option("--fresh", "start over; an existing directory is renamed, never deleted")
    .option("--json", "print one result object on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  flm-train train config.yaml --set seed=2 --out runs/second",
    )
    .action(run);
}

/** A signal so soon after another is the same one, twice on its way. */
const SAME_SIGNAL_MS = 300;

async function run(path: string, options: Options): Promise<void> {
  const isLocal = followLifeline(process.env);
  const { config, run_dir } = loadConfig(path, {
    sets: options.set ?? [],
    ...(options.out === undefined ? {} : { out: options.out }),
  });
  const launch = detectLaunch(process.env, { gpus: () => gpusFor(config.device) });
  // Without a launcher the ranks that the config asks for are started here.
  const count = launch.launcher === "none" ? worldSizeOf(config.stages) : launch.ranks_to_start;
  if (count > 1) {
    checkMeshes(config, launch.launcher === "none" ? count : launch.world_size);
    if (launch.launcher !== "none") process.stderr.write(`${launch.reason}\n`);
    const { exit_code, message } = await runLocalRanks({ count, launch, stderr: process.stderr });
    if (message !== null) process.stderr.write(`${message}\n`);
    process.exitCode = exit_code;
    return;
  }
  const reporter = new TrainReporter(process.stderr);
  if (launch.rank === 0 && launch.world_size > 1)
    reporter.note(isLocal ? `${launch.local_world_size} ranks, started here` : launch.reason);
  const stop = new AbortController();
  let asked = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    // Launchers, npm and terminals may each pass the same one on.
    if (stop.signal.aborted && performance.now() - asked < SAME_SIGNAL_MS) return;
    // The second signal means now: what is committed is whole.
    if (stop.signal.aborted)
      process.exit(signal === "SIGTERM" ? ExitCode.try_again : ExitCode.interrupted);
    asked = performance.now();
    reporter.note(
      `${signal}: stopping; a step that runs is finished and saved first (again to stop at once)`,
    );
    stop.abort(signal);
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    const result = await runTraining(config, {
      out: run_dir,
      fresh: options.fresh ?? false,
      signal: stop.signal,
      observer: reporter,
      launch,
    });
    if (launch.rank > 0) {
      process.exitCode = EXIT_CODES[result.status];
      return;
    }
    reporter.finish(result);
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    process.exitCode = EXIT_CODES[result.status];
  } finally {
    reporter.close();
    // One that comes while a stopped run is on its way out leaves it its exit code.
    if (!stop.signal.aborted) process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}
