#!/usr/bin/env node
import { existsSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { nearest } from "../config/nearest.ts";
import { ExitCode, FlmError } from "../errors.ts";
import { loadedNative } from "../native/load.ts";
import { version } from "../version.ts";
import { fail } from "./fail.ts";
import { handleHangup } from "./hangup.ts";
import { endWithNpm } from "./npm-parent.ts";
import { outliveOutput } from "./outlive-output.ts";

/** By name; loaded when they are asked for, since together they are half of the package. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  train: async () => (await import("./commands/train.ts")).trainCommand(),
  init: async () => (await import("./commands/init.ts")).initCommand(),
  plan: async () => (await import("./commands/plan.ts")).planCommand(),
  tokenize: async () => (await import("./commands/tokenize.ts")).tokenizeCommand(),
  generate: async () => (await import("./commands/generate.ts")).generateCommand(),
  eval: async () => (await import("./commands/eval.ts")).evalCommand(),
  export: async () => (await import("./commands/export.ts")).exportCommand(),
  import: async () => (await import("./commands/import.ts")).importCommand(),
  report: async () => (await import("./commands/report.ts")).reportCommand(),
  sweep: async () => (await import("./commands/sweep.ts")).sweepCommand(),
  fit: async () => (await import("./commands/fit.ts")).fitCommand(),
  corpus: async () => (await import("./commands/corpus.ts")).corpusCommand(),
  data: async () => (await import("./commands/data.ts")).dataCommand(),
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand(),
  build: async () => (await import("./commands/build.ts")).buildCommand(),
};

/** `flm-train config.yaml` is `flm-train train config.yaml`, and `flm-train genrate` is none. */
function withDefaultCommand(args: readonly string[]): string[] {
  const first = args[0];
  if (first === undefined || first.startsWith("-")) return [...args];
  const names = [...Object.keys(COMMANDS), "help"];
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
  flm-train init my-model                a commented config for your own text
  flm-train config.yaml                  train; the same command again resumes
  flm-train generate runs/my-model --prompt "The "
  flm-train report runs/my-model         what happened, as one HTML file`,
  )
  .showHelpAfterError("(flm-train --help shows the commands)")
  .exitOverride();

outliveOutput(process);
handleHangup();
endWithNpm();

try {
  const args = withDefaultCommand(process.argv.slice(2));
  refuseHelpOnNothing(args);
  await addCommands(args[0]);
  if (args.length === 0) program.outputHelp();
  else await program.parseAsync(args, { from: "user" });
} catch (error) {
  failOrHelp(error, process.argv.includes("--json"));
  // A job that hangs would keep this process for ever.
  if (loadedNative()?.pulse().busy) process.exit();
}

/** Commander shows the help of all commands then, as if nothing were wrong. */
function refuseHelpOnNothing([first, name]: readonly string[]): void {
  const names = [...Object.keys(COMMANDS), "help"];
  if (first !== "help" || name === undefined || name.startsWith("-") || names.includes(name))
    return;
  const close = nearest(name, names);
  throw new FlmError("USAGE", `there is no command ${name}`, {
    hint: close ? `did you mean ${close}?` : "flm-train --help shows the commands",
  });
}

/** The one that is named; all where none is, for help and what is said of a mistake. */
async function addCommands(name: string | undefined): Promise<void> {
  const all = Object.entries(COMMANDS);
  const named = all.filter(([each]) => each === name);
  for (const [, load] of named.length > 0 ? named : all)
    program.addCommand((await load()).exitOverride());
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
