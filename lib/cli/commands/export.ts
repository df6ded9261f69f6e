import { Command, Option } from "commander";
import { EXPORT_FORMATS, type ExportOptions, exportModel } from "../../export/export-model.ts";
import { GGUF_TYPES } from "../../export/gguf/quantize.ts";

export function exportCommand(): Command {
  return new Command("export")
    .description("write a model for other programs: Hugging Face transformers, llama.cpp")
    .argument("<checkpoint>", "a run's directory (its newest checkpoint) or one checkpoint")
    .addOption(
      new Option(
        `--format <${EXPORT_FORMATS.join("|")}>`,
        "hf: transformers; gguf: llama.cpp; plain: our own names",
      )
        .choices(EXPORT_FORMATS)
        .makeOptionMandatory(),
    )
    .requiredOption("--out <dir>", "a directory that does not exist yet, or an empty one")
    .addOption(
      new Option(
        "--dtype <type>",
        "how weights are stored (q8_0: gguf only; default: f32)",
      ).choices(GGUF_TYPES),
    )
    .option("--json", "print one result object on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  flm-train export runs/quickstart --format hf --out exported",
    )
    .action(run);
}

async function run(
  checkpoint: string,
  { json, ...options }: ExportOptions & { json?: boolean },
): Promise<void> {
  const result = await exportModel(checkpoint, options);
  for (const warning of result.warnings) process.stderr.write(`warning: ${warning}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ status: "done", ...result })}\n`);
  else process.stdout.write(`${result.files.map((file) => `${result.out}/${file}`).join("\n")}\n`);
}
