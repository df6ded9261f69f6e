#!/usr/bin/env node
import { existsSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { nearest } from "../config/nearest.ts";
import { ExitCode, FlmError } from "../errors.ts";
import { loadedNative } from "../native/load.ts";
import { version } from "../version.ts";
import { buildCommand } from "./commands/build.ts";
import { corpusCommand } from "./commands/corpus.ts";
import { dataCommand } from "./commands/data.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { evalCommand } from "./commands/eval.ts";
import { fitCommand } from "./commands/fit.ts";
import { exportCommand } from "./commands/export.ts";
import { generateCommand } from "./commands/generate.ts";
import { importCommand } from "./commands/import.ts";
import { initCommand } from "./commands/init.ts";
import { planCommand } from "./commands/plan.ts";
import { reportCommand } from "./commands/report.ts";
import { sweepCommand } from "./commands/sweep.ts";
import { tokenizeCommand } from "./commands/tokenize.ts";
import { trainCommand } from "./commands/train.ts";
import { fail } from "./fail.ts";
import { handleHangup } from "./hangup.ts";
import { outliveOutput } from "./outlive-output.ts";

const COMMANDS = [
  trainCommand(),
  initCommand(),
  planCommand(),
  tokenizeCommand(),
  generateCommand(),
  evalCommand(),
  exportCommand(),
  importCommand(),
  reportCommand(),
  sweepCommand(),
  fitCommand(),
  corpusCommand(),
  dataCommand(),
  doctorCommand(),
  buildCommand(),
];

/** `flm-train config.yaml` is `flm-train train config.yaml`, and `flm-train genrate` is none. */
function withDefaultCommand(args: readonly string[]): string[] {
  const first = args[0];
  if (first === undefined || first.startsWith("-")) return [...args];
  const names = [...COMMANDS.map((command) => command.name()), "help"];
  const isMistyped =
    /^[a-z]+$/.test(first) && !existsSync(first) && nearest(first, names) !== undefined;
  const isCommand = names.includes(first) || isMistyped;
  return isCommand ? [...args] : ["train", ...args];
}

const program = new Command("flm-train")
  .description("Pre-train language models by growing them.")
  .version(version)
  .addHelpText(
    "after",
    `
Examples:
  flm-train examples/quickstart.yaml     train; the same command again resumes
  flm-train init my-model                a commented config for your own text
  flm-train generate runs/quickstart --prompt "The function"
  flm-train report runs/quickstart       what happened, as one HTML file`,
  )
  .showHelpAfterError("(flm-train --help shows the commands)")
  .exitOverride();
for (const command of COMMANDS) program.addCommand(command.exitOverride());

outliveOutput(process);
handleHangup();

try {
  const args = withDefaultCommand(process.argv.slice(2));
  if (args.length === 0) program.outputHelp();
  else await program.parseAsync(args, { from: "user" });
} catch (error) {
  failOrHelp(error, process.argv.includes("--json"));
  // A job that hangs would keep this process for ever.
  if (loadedNative()?.pulse().busy) process.exit();
}

/** What commander finds wrong with the command line it has said by then; help and version end the same way. */
function failOrHelp(error: unknown, json: boolean): void {
  if (!(error instanceof CommanderError)) fail(error, json);
  else if (error.exitCode === 0) process.exitCode = ExitCode.done;
  else if (!json) process.exitCode = ExitCode.usage;
  else
    fail(
      new FlmError("USAGE", error.message.replace(/^error: /, ""), {
        hint: "flm-train --help shows the commands",
      }),
      json,
    );
}
