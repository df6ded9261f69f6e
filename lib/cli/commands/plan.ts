import { dirname, join } from "node:path";
import { existsSync, statSync } from "node:fs";
import { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/types.ts";
import { ioError } from "../../errors.ts";
import { calibrateFrom } from "../../plan/calibrate-from.ts";
import { planRun } from "../../plan/plan.ts";
import { parseEvent } from "../../report/read/events.ts";
import { rowsOf } from "../../report/read/rows.ts";
import { addRow, noSteps } from "../../report/read/steps.ts";
import type { Calibration } from "../../scaling/calibrate.ts";
import { collect, positiveInteger } from "../options.ts";
import { planText } from "../plan-text.ts";

interface Options {
  set?: string[];
  search?: boolean;
  devices?: number;
  calibrate?: string;
  json?: boolean;
}

export function planCommand(): Command {
  return new Command("plan")
    .description("memory, time and cost of a config before anything runs; needs no device")
    .argument("<config.yaml>")
    .option("--set <path=value>", "override a config key (repeatable)", collect)
    .option("--search", "also list the fastest layouts that fit")
    .option(
      "--devices <n>",
      "devices to search layouts for (default: each stage's own)",
      positiveInteger,
    )
    .option(
      "--calibrate <run>",
      "fit hardware.efficiency to the step times of a run's directory, or of a metrics.jsonl",
    )
    .option("--json", "print one result object on stdout")
    .addHelpText(
      "after",
      `
Examples:
  flm-train plan examples/flm-101b.yaml
  flm-train plan examples/flm-101b.yaml --search --devices 1024
  flm-train plan config.yaml --calibrate runs/quickstart/metrics.jsonl`,
    )
    .action(run);
}

async function run(path: string, options: Options): Promise<void> {
  const { config } = loadConfig(path, { sets: options.set ?? [] });
  const plan = planRun(config, {
    search: options.search ?? options.devices !== undefined,
    ...(options.devices === undefined ? {} : { devices: options.devices }),
    ...(options.calibrate === undefined
      ? {}
      : { calibration: await calibration(options.calibrate, config) }),
  });
  if (options.json) process.stdout.write(`${JSON.stringify({ status: "done", ...plan })}\n`);
  else process.stdout.write(planText(config.name, plan));
}

/** The run's own config lies beside its metrics; metrics on their own are taken to be of the planned config. */
async function calibration(path: string, planned: Config): Promise<Calibration> {
  const isRun = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const metrics = isRun ? join(path, "metrics.jsonl") : path;
  const steps = noSteps();
  try {
    for await (const row of rowsOf(metrics)) addRow(steps, row);
  } catch (cause) {
    throw ioError("read", metrics, cause);
  }
  const beside = join(dirname(metrics), "config.yaml");
  const config = existsSync(beside) ? loadConfig(beside).config : planned;
  const ranks = await ranksOfRun(join(dirname(metrics), "events.jsonl"));
  return calibrateFrom({ ...config, hardware: planned.hardware }, { ...steps, ranks });
}

/** What a launcher gave the run, which its config need not say; undefined where that is not known. */
async function ranksOfRun(events: string): Promise<number | undefined> {
  if (!existsSync(events)) return undefined;
  let ranks: number | undefined;
  for await (const row of rowsOf(events)) {
    const event = parseEvent(row);
    if (event?.type === "start" || event?.type === "resume") ranks = event.ranks ?? ranks;
  }
  return ranks;
}
