import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { ExitCode, FlmError } from "../../errors.ts";

interface Options {
  cuda?: boolean;
  arch?: string;
}

export function buildCommand(): Command {
  return new Command("build")
    .description("build the native addon from source")
    .option("--cuda", "with CUDA, by cmake-js into build-cuda/")
    .option("--arch <list>", "CUDA architectures, e.g. 90a-real (default: 80-real;90a-real;100)")
    .addHelpText("after", "\nExample:\n  flm-train build --cuda --arch 90a-real")
    .action(run);
}

function run({ cuda, arch }: Options): void {
  if (arch !== undefined && !cuda)
    throw new FlmError("USAGE", "--arch names CUDA architectures, and --cuda is not given", {
      hint: "add --cuda, or leave --arch out",
    });
  const script = cuda ? "build-cuda.mjs" : "install.mjs";
  const path = fileURLToPath(new URL(`../../../scripts/${script}`, import.meta.url));
  const args = cuda ? (arch ? ["--arch", arch] : []) : ["--asked-for"];
  // The result is files; everything that the builders print belongs on stderr.
  const { status } = spawnSync(process.execPath, [path, ...args], { stdio: ["ignore", 2, 2] });
  process.exitCode = status ?? ExitCode.environment;
}
