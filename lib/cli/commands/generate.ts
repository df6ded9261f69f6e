import { createInterface } from "node:readline/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  checkPrompts,
  DEFAULT_SEED,
  type GenerateOptions,
  type Generation,
  openGeneration,
} from "../../eval/generation.ts";
import { WEIGHTS, type Weights } from "../../eval/open-model.ts";
import type { ModelPlace } from "../../eval/model-place.ts";
import type { Finish } from "../../eval/write-tokens.ts";
import { FlmError } from "../../errors.ts";
import { fail } from "../fail.ts";
import { positiveInteger } from "../options.ts";
import { askedRanks, overRanks } from "../over-ranks.ts";
import { type ListedPrompt, readPrompts } from "../read-prompts.ts";

interface Options {
  prompt?: string;
  prompts?: string;
  weights?: Weights;
  stop?: string[];
  maxTokens?: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  repetitionPenalty?: number;
  seed?: number;
  tensorParallel?: number;
  pipelineParallel?: number;
  json?: boolean;
}

/** Takes what is to be printed. */
type Say = (text: string) => void;

export function generateCommand(): Command {
  return new Command("generate")
    .description("continue a prompt; without --prompt, prompts are read line by line")
    .argument("<checkpoint>", "a run's directory (its newest checkpoint) or one checkpoint")
    .option("--prompt <text>", "what to continue")
    .option(
      "--prompts <file>",
      "one prompt a line, or JSONL with prompt and seed: all are continued side by side",
    )
    .option(
      "--max-tokens <n>",
      "longest continuation; it also ends where the model's seq_length is full (default: 128)",
      number,
    )
    .option("--temperature <t>", "0 takes the likeliest token each time (default: 0.8)", number)
    .option("--top-k <n>", "sample from the k likeliest tokens (default: all)", number)
    .option(
      "--top-p <p>",
      "sample from the likeliest tokens that hold this mass (default: 0.95)",
      number,
    )
    .option("--repetition-penalty <r>", "above 1 avoids what was said (default: 1)", number)
    .option("--seed <n>", "equal seeds give equal texts (default: 1)", number)
    .option(
      "--stop <text...>",
      "end in front of the first of these strings; backslash n is a line's end",
    )
    .addOption(
      new Option(
        "--weights <type>",
        "what the weights are held in, int8 on the CPU alone (default: as in training)",
      ).choices(WEIGHTS),
    )
    .option(
      "--tensor-parallel <n>",
      "n ranks share the model's matrices (default: 1; under a launcher, all ranks)",
      positiveInteger,
    )
    .option(
      "--pipeline-parallel <n>",
      "n ranks share the model's layers (default: 1)",
      positiveInteger,
    )
    .option("--json", "print one result object on stdout, for each prompt")
    .addHelpText(
      "after",
      '\nExample:\n  flm-train generate runs/quickstart --prompt "The function" --temperature 0',
    )
    .action(run);
}

async function run(path: string, options: Options): Promise<void> {
  const { prompt, prompts } = options;
  if (prompt !== undefined && prompts !== undefined)
    throw new FlmError("USAGE", "--prompt and --prompts are both given", { hint: "leave one out" });
  const ranks = askedRanks({
    tensor: options.tensorParallel,
    pipeline: options.pipelineParallel,
    data: 1,
  });
  if (ranks.world_size > 1 && prompt === undefined && prompts === undefined)
    throw new FlmError("USAGE", `${ranks.world_size} ranks have no terminal to read prompts from`, {
      hint: "give them --prompt or --prompts",
    });
  // Text is all that it makes: there is nothing left to do when nobody reads on. Other ranks would miss this one.
  if (ranks.world_size === 1) process.stdout.once("error", () => process.exit());
  const write = (place: ModelPlace) => writeAll(path, options, place);
  await overRanks(ranks, path, options, write, (model) => {
    const all = prompts === undefined ? [prompt!] : readPrompts(prompts).map((own) => own.prompt);
    return checkPrompts(model, all, samplingOf(options));
  });
}

/** All ranks write, and the first of them says it. */
async function writeAll(path: string, options: Options, place: ModelPlace): Promise<void> {
  const { prompt, prompts, weights, json = false } = options;
  const isLeader = place.ranks.rank === 0;
  const say: Say = isLeader ? (text) => void process.stdout.write(text) : () => {};
  const listed = prompts === undefined ? undefined : readPrompts(prompts);
  const generation = await openGeneration(path, { weights }, place);
  if (isLeader)
    for (const warning of generation.warnings) process.stderr.write(`warning: ${warning}\n`);
  try {
    const sampling = samplingOf(options);
    const answer = (to: string) =>
      json ? sayJson(generation, to, sampling, say) : sayAsItComes(generation, to, sampling, say);
    if (listed !== undefined) await sayAll(generation, listed, sampling, { json, say });
    else if (prompt !== undefined) await answer(prompt);
    else await converse(answer);
  } finally {
    await generation.close();
  }
}

/** In the order of the file, each as soon as all in front of it are there. */
async function sayAll(
  generation: Generation,
  listed: readonly ListedPrompt[],
  { seed, ...sampling }: GenerateOptions,
  { json, say }: { json: boolean; say: Say },
): Promise<void> {
  const written: Written[] = [];
  let printed = 0;
  const onText = (index: number, text: string, finish: Finish) => {
    written[index] = { prompt: listed[index]!.prompt, text, finish };
    for (; written[printed] !== undefined; printed++) {
      const each = written[printed]!;
      say(json ? jsonLine(generation, each) : `${each.prompt}${each.text}\n`);
    }
  };
  const seeds = listed.map((each) => each.seed ?? seed ?? DEFAULT_SEED);
  const options = { ...sampling, seed: seeds, onText };
  await generation.texts(
    listed.map(({ prompt }) => prompt),
    options,
  );
}

async function sayAsItComes(
  generation: Generation,
  prompt: string,
  sampling: GenerateOptions,
  say: Say,
): Promise<void> {
  const pieces = generation.stream(prompt, sampling);
  // Nothing is said before it is known that prompt and sampling are fit.
  const first = await pieces.next();
  say(prompt);
  if (!first.done) say(first.value);
  for await (const piece of pieces) say(piece);
  say("\n");
}

async function sayJson(
  generation: Generation,
  prompt: string,
  sampling: GenerateOptions,
  say: Say,
): Promise<void> {
  const onText = (_: number, text: string, finish: Finish) =>
    say(jsonLine(generation, { prompt, text, finish }));
  await generation.texts([prompt], { ...sampling, onText });
}

interface Written {
  prompt: string;
  text: string;
  finish: Finish;
}

function jsonLine({ checkpoint }: Generation, written: Written): string {
  return `${JSON.stringify({ status: "done", checkpoint: checkpoint.directory, ...written })}\n`;
}

async function converse(answer: (line: string) => Promise<void>): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: "> " });
  const ask = () => process.stdin.isTTY && lines.prompt();
  ask();
  for await (const line of lines) {
    if (line.trim() !== "") await answer(line).catch(sayRefused);
    ask();
  }
}

/** A line that cannot be a prompt, such as one that is too long, does not end what other lines are waited for. */
function sayRefused(error: unknown): void {
  if (!(error instanceof FlmError) || error.code !== "INVALID_ARGUMENT") throw error;
  fail(error, false);
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
  if (options.stop !== undefined)
    sampling.stop = options.stop.map((text) => text.replaceAll("\\n", "\n"));
  return sampling;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value))
    throw new InvalidArgumentError("It must be a number.");
  return value;
}
