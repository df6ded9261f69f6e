import { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { inspectData } from "../../data/inspect.ts";
import { prepareStages } from "../../data/prepare-stages.ts";
import { loadNative } from "../../native/load.ts";
import { inspectionText } from "../inspection-text.ts";
import { collect, positiveInteger } from "../options.ts";
import { TrainReporter } from "../train-reporter.ts";

export function dataCommand(): Command {
  const inspect = new Command("inspect")
    .description("sources, shares and duplicates, and what a batch really contains")
    .argument("<config.yaml>")
    .option("--set <path=value>", "override a config key (repeatable)", collect)
    .option("--rows <n>", "rows of the first batch to decode", positiveInteger, 2)
    .option("--json", "print one result object on stdout")
    .addHelpText("after", "\nExample:\n  flm-train data inspect examples/instruct.yaml")
    .exitOverride()
    .action(run);
  return new Command("data").description("what a run trains on").addCommand(inspect);
}

async function run(
  path: string,
  options: { set?: string[]; rows: number; json?: boolean },
): Promise<void> {
  const { config } = loadConfig(path, { sets: options.set ?? [] });
  const reporter = new TrainReporter(process.stderr);
  const stages = await prepareStages(config, {
    native: loadNative(),
    onProgress: (progress) => reporter.onPrepare(progress),
  }).finally(() => reporter.close());
  const result = inspectData(config, stages, options.rows);
  if (options.json) process.stdout.write(`${JSON.stringify({ status: "done", ...result })}\n`);
  else process.stdout.write(inspectionText(result));
}
