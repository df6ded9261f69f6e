import { Command, InvalidArgumentError, Option } from "commander";
import { evaluate, type EvaluateOptions } from "../../eval/evaluate.ts";
import { WEIGHTS, type Weights } from "../../eval/open-model.ts";
import { SUITES, type SuiteName } from "../../eval/results.ts";
import { evalTable } from "../eval-table.ts";
import { LiveLine } from "../live-line.ts";

interface Options {
  suite: SuiteName;
  limit?: number;
  shots?: number;
  answers?: "letters" | "text";
  field?: string;
  compare?: string;
  weights?: Weights;
  json?: boolean;
}

export function evalCommand(): Command {
  return new Command("eval")
    .description("score a model: generated reasoning tasks, perplexity or multiple choice")
    .argument("<checkpoint>", "a run's directory (its newest checkpoint) or one checkpoint")
    .argument("[file]", "choice: questions as JSONL; perplexity: text (default: the run's own)")
    .addOption(new Option("--suite <name>", "what to score").choices(SUITES).makeOptionMandatory())
    .option("--limit <n>", "first n items (iq: of each task)", number)
    .option("--shots <n>", "choice: first n questions become solved examples", number)
    .addOption(
      new Option(
        "--answers <style>",
        "choice: tell options apart by their letter or their text (default: as the file's benchmark does)",
      ).choices(["letters", "text"]),
    )
    .option("--field <name>", "perplexity: the field of a JSONL line to read (default: text)")
    .addOption(
      new Option(
        "--weights <type>",
        "what the weights are held in (default: as in training)",
      ).choices(WEIGHTS),
    )
    .option("--compare <checkpoint>", "iq: ask another model the same items")
    .option("--json", "print one result object on stdout")
    .addHelpText("after", "\nExample:\n  flm-train eval runs/quickstart --suite iq --limit 50")
    .action(run);
}

async function run(
  checkpoint: string,
  file: string | undefined,
  { json, ...options }: Options,
): Promise<void> {
  const live = new LiveLine(process.stderr);
  const progress: EvaluateOptions["onProgress"] = ({ task, done, total }) =>
    live.show(`${task} ${done}/${total}`);
  const result = await evaluate(checkpoint, { ...options, file, onProgress: progress }).finally(
    () => live.clear(),
  );
  for (const warning of result.warnings) process.stderr.write(`warning: ${warning}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ status: "done", ...result })}\n`);
  else process.stdout.write(`${result.checkpoint}\n\n${evalTable(result)}`);
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value))
    throw new InvalidArgumentError("It must be a number.");
  return value;
}
