import { Command, InvalidArgumentError } from "commander";
import { importModel, type ImportOptions } from "../../export/import-model.ts";
import { count } from "../../format.ts";

interface Options {
  out: string;
  seqLength?: number;
  json?: boolean;
}

export function importCommand(): Command {
  return new Command("import")
    .description("make a run of a Hugging Face model: Llama-like or GPT-2, as safetensors")
    .argument("<dir>", "a directory with config.json, safetensors files and tokenizer.json")
    .requiredOption("--out <dir>", "the run's directory, which must not exist yet or be empty")
    .option("--seq-length <n>", "tokens of a sequence (default: the model's own)", sequenceLength)
    .option("--json", "print one result object on stdout")
    .addHelpText("after", "\nExample:\n  flm-train import exported --out runs/imported")
    .action(run);
}

async function run(directory: string, { out, seqLength, json }: Options): Promise<void> {
  const options: ImportOptions = { out };
  if (seqLength !== undefined) options.seq_length = seqLength;
  const result = await importModel(directory, options);
  for (const warning of result.warnings) process.stderr.write(`warning: ${warning}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ status: "done", ...result })}\n`);
  else
    process.stdout.write(
      `${result.run_dir}: a ${result.family} model of ${count(result.parameters)} parameters\n`,
    );
}

function sequenceLength(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return value;
}
