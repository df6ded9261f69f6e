import { createInterface } from "node:readline/promises";
import { Command, InvalidArgumentError } from "commander";
import { type GenerateOptions, type Generation, openGeneration } from "../../eval/generation.ts";

interface Options {
  prompt?: string;
  maxTokens?: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  repetitionPenalty?: number;
  seed?: number;
  json?: boolean;
}

export function generateCommand(): Command {
  return new Command("generate")
    .description("continue a prompt; without --prompt, prompts are read line by line")
    .argument("<checkpoint>", "a run's directory (its newest checkpoint) or one checkpoint")
    .option("--prompt <text>", "what to continue")
    .option("--max-tokens <n>", "longest continuation (default: 128)", number)
    .option("--temperature <t>", "0 takes the likeliest token each time (default: 0.8)", number)
    .option("--top-k <n>", "sample from the k likeliest tokens (default: all)", number)
    .option(
      "--top-p <p>",
      "sample from the likeliest tokens that hold this mass (default: 0.95)",
      number,
    )
    .option("--repetition-penalty <r>", "above 1 avoids what was said (default: 1)", number)
    .option("--seed <n>", "equal seeds give equal texts (default: 1)", number)
    .option("--json", "print one result object on stdout, for each prompt")
    .addHelpText(
      "after",
      '\nExample:\n  flm-train generate runs/quickstart --prompt "The function" --temperature 0',
    )
    .action(run);
}

async function run(path: string, options: Options): Promise<void> {
  const generation = await openGeneration(path);
  for (const warning of generation.warnings) process.stderr.write(`warning: ${warning}\n`);
  try {
    const write = options.json ? printJson : print;
    const sampling = samplingOf(options);
    if (options.prompt !== undefined) await write(generation, options.prompt, sampling);
    else await converse((line) => write(generation, line, sampling));
  } finally {
    await generation.close();
  }
}

async function print(
  generation: Generation,
  prompt: string,
  sampling: GenerateOptions,
): Promise<void> {
  process.stdout.write(prompt);
  for await (const piece of generation.stream(prompt, sampling)) process.stdout.write(piece);
  process.stdout.write("\n");
}

async function printJson(
  generation: Generation,
  prompt: string,
  sampling: GenerateOptions,
): Promise<void> {
  const text = await generation.text(prompt, sampling);
  const { directory } = generation.checkpoint;
  process.stdout.write(
    `${JSON.stringify({ status: "done", checkpoint: directory, prompt, text })}\n`,
  );
}

async function converse(answer: (line: string) => Promise<void>): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: "> " });
  lines.prompt();
  for await (const line of lines) {
    if (line.trim() !== "") await answer(line);
    lines.prompt();
  }
}

/** The options that were given; the rest have their defaults in one place. */
function samplingOf(options: Options): GenerateOptions {
  const sampling: GenerateOptions = {};
  if (options.maxTokens !== undefined) sampling.max_tokens = options.maxTokens;
  if (options.temperature !== undefined) sampling.temperature = options.temperature;
  if (options.topK !== undefined) sampling.top_k = options.topK;
  if (options.topP !== undefined) sampling.top_p = options.topP;
  if (options.repetitionPenalty !== undefined)
    sampling.repetition_penalty = options.repetitionPenalty;
  if (options.seed !== undefined) sampling.seed = options.seed;
  return sampling;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value))
    throw new InvalidArgumentError("It must be a number.");
  return value;
}
