import { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { tokenize } from "../../data/tokenize.ts";
import { loadNative } from "../../native/load.ts";
import { count, counted } from "../../format.ts";
import { collect } from "../options.ts";
import { TrainReporter } from "../train-reporter.ts";

export function tokenizeCommand(): Command {
  return new Command("tokenize")
    .description("make the token files ahead of time; train does it when they are missing")
    .argument("<config.yaml>")
    .option("--set <path=value>", "override a config key (repeatable)", collect)
    .option("--json", "print one result object on stdout")
    .addHelpText("after", "\nExample:\n  flm-train tokenize config.yaml")
    .action(run);
}

async function run(path: string, options: { set?: string[]; json?: boolean }): Promise<void> {
  const { config } = loadConfig(path, { sets: options.set ?? [] });
  const reporter = new TrainReporter(process.stderr);
  const result = await tokenize(config, {
    native: loadNative(),
    onProgress: (progress) => reporter.onPrepare(progress),
  }).finally(() => reporter.close());
  for (const warning of result.warnings) reporter.note(`warning     ${warning}`);
  if (options.json) process.stdout.write(`${JSON.stringify({ status: "done", ...result })}\n`);
  else
    reporter.note(
      `${count(result.train_tokens)} training tokens and ${count(result.validation_tokens)} for validation in ` +
        `${counted(result.files.length, "file")}, vocabulary ${result.vocab_size}` +
        (result.bad_rows > 0 ? `; ${counted(result.bad_rows, "bad row", count)} left out` : ""),
    );
}
