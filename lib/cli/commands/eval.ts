import { Command, InvalidArgumentError, Option } from "commander";
import {
  checkOptions,
  evaluate,
  type EvaluateOptions,
  type EvaluateResult,
  readQuestions,
} from "../../eval/evaluate.ts";
import type { ModelPlace } from "../../eval/model-place.ts";
import { WEIGHTS, type Weights } from "../../eval/open-model.ts";
import { SUITES, type SuiteName } from "../../eval/results.ts";
import { evalTable } from "../eval-table.ts";
import { LiveLine } from "../live-line.ts";
import { positiveInteger } from "../options.ts";
import { askedRanks, overRanks } from "../over-ranks.ts";

interface Options {
  suite: SuiteName;
  limit?: number;
  shots?: number;
  answers?: "letters" | "text";
  field?: string;
  compare?: string;
  weights?: Weights;
  dataParallel?: number;
  tensorParallel?: number;
  pipelineParallel?: number;
  json?: boolean;
}

export function evalCommand(): Command {
  return new Command("eval")
    .description("score a model: generated reasoning tasks, perplexity or multiple choice")
    .argument("<checkpoint>", "a run's directory (its newest checkpoint) or one checkpoint")
    .argument("[file]", "choice: questions as JSONL; perplexity: text (default: the run's own)")
    .addOption(
      new Option(`--suite <${SUITES.join("|")}>`, "what to score")
        .choices(SUITES)
        .makeOptionMandatory(),
    )
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
        "what the weights are held in, int8 on the CPU alone (default: as in training)",
      ).choices(WEIGHTS),
    )
    .option("--compare <checkpoint>", "iq: ask another model the same items")
    .option(
      "--data-parallel <n>",
      "split the items over n replicas of the model (default: 1; under a launcher, all ranks)",
      positiveInteger,
    )
    .option(
      "--tensor-parallel <n>",
      "n ranks share each replica's matrices (default: 1)",
      positiveInteger,
    )
    .option(
      "--pipeline-parallel <n>",
      "n ranks share each replica's layers (default: 1)",
      positiveInteger,
    )
    .option("--json", "print one result object on stdout")
    .addHelpText("after", "\nExample:\n  flm-train eval runs/quickstart --suite iq --limit 50")
    .action(run);
}

async function run(
  checkpoint: string,
  file: string | undefined,
  { json, tensorParallel = 1, pipelineParallel, dataParallel, ...options }: Options,
): Promise<void> {
  const asked = { ...options, ...(file === undefined ? {} : { file }) };
  checkOptions(asked);
  const ranks = askedRanks({
    tensor: tensorParallel,
    pipeline: pipelineParallel,
    data: dataParallel,
  });
  const score = async (place: ModelPlace) => {
    const live = new LiveLine(process.stderr);
    const onProgress: EvaluateOptions["onProgress"] = ({ task, done, total }) =>
      live.show(`${task} ${done}/${total}`);
    if (place.ranks.rank > 0) return void (await evaluate(checkpoint, asked, place));
    const evaluated = evaluate(checkpoint, { ...asked, onProgress }, place);
    print(await evaluated.finally(() => live.clear()), json);
  };
  await overRanks(ranks, checkpoint, asked, score, async () => {
    if (asked.suite === "choice") readQuestions(asked);
  });
}

function print(result: EvaluateResult, json = false): void {
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
