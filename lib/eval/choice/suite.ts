import { basename } from "node:path";
import type { Continuation, LanguageModel } from "../language-model.ts";
import type { Scores, TaskResult } from "../results.ts";
import { groupMean, type Interval, percent, wilson } from "../statistics.ts";
import { type AnswerStyle, type ChoiceItem, letter } from "./item.ts";

/** `score` counts the answers that are likeliest by the sum of their tokens' log-probabilities. */
export interface ChoiceTaskResult extends TaskResult {
  ci95: Interval;
  /** The same by log-probability over the option's characters, which does not favour short answers. */
  per_character: number;
  /** Questions that lost examples, and that did not fit at all: those count as failed. */
  shots_dropped: number;
  too_long: number;
}

export interface ChoiceOptions {
  /** The first questions become solved examples in front of the others, and are not scored. */
  shots?: number;
  /** By default what the benchmark of that form does. */
  answers?: AnswerStyle;
}

interface Asked {
  item: ChoiceItem;
  /** Empty where the question does not fit into the context. */
  continuations: Continuation[];
  shots_dropped: number;
}

interface Judged extends Asked {
  passed: boolean;
  passed_per_character: boolean;
}

/** Ranks the options of every question by their likelihood. */
export async function runChoice(
  model: LanguageModel,
  items: readonly ChoiceItem[],
  name: string,
  { shots = 0, answers }: ChoiceOptions = {},
): Promise<Scores<ChoiceTaskResult>> {
  const styled = items.map((item) => ({ ...item, style: answers ?? item.style }));
  const examples = styled.slice(0, shots).map(solved);
  const asked: Asked[] = [];
  for (const item of styled.slice(shots)) asked.push(await fit(model, item, examples));
  const scores = await model.logProbabilities(asked.flatMap(({ continuations }) => continuations));
  let at = 0;
  const judged = asked.map((one) => judge(one, scores.slice(at, (at += one.continuations.length))));
  const subjects = [...new Set(judged.map(({ item }) => item.subject))];
  const group = basename(name).replace(/\.\w+$/, "");
  const bySubject = subjects.map((subject) =>
    judged.filter(({ item }) => item.subject === subject),
  );
  return {
    tasks: subjects.map((subject, i) => taskResult(subject ?? group, group, bySubject[i]!)),
    groups: [
      { name: group, ...groupMean(bySubject.map((own) => own.map(({ passed }) => passed))) },
    ],
  };
}

/** Leaves out examples from the front until the prompt fits with each of its options. */
async function fit(
  model: LanguageModel,
  item: ChoiceItem,
  examples: readonly string[],
): Promise<Asked> {
  const options = optionsOf(item).map((option) => ` ${option}`);
  const lengths = await Promise.all(options.map((option) => model.countTokens(option)));
  const room = model.seq_length + 1 - Math.max(...lengths);
  for (let shots_dropped = 0; shots_dropped <= examples.length; shots_dropped++) {
    const prompt = [...examples.slice(shots_dropped), questionText(item)].join("\n\n");
    if ((await model.countTokens(prompt)) > room) continue;
    const continuations = options.map((continuation) => ({ prompt, continuation }));
    return { item, continuations, shots_dropped };
  }
  return { item, continuations: [], shots_dropped: examples.length };
}

function judge(asked: Asked, scores: readonly number[]): Judged {
  const { item } = asked;
  const options = optionsOf(item);
  const perCharacter = scores.map((score, i) => score / [...options[i]!].length);
  const isLikeliest = (own: readonly number[]) =>
    own.length > 0 && own.indexOf(Math.max(...own)) === item.answer;
  return { ...asked, passed: isLikeliest(scores), passed_per_character: isLikeliest(perCharacter) };
}

function taskResult(name: string, group: string, judged: readonly Judged[]): ChoiceTaskResult {
  const passed = judged.map((one) => one.passed);
  const chance = judged.reduce((sum, { item }) => sum + 1 / item.choices.length, 0);
  return {
    name,
    group,
    n: judged.length,
    score: percent(passed),
    ci95: wilson(passed),
    floor: (100 * chance) / judged.length,
    per_character: percent(judged.map((one) => one.passed_per_character)),
    shots_dropped: judged.filter(({ shots_dropped }) => shots_dropped > 0).length,
    too_long: judged.filter(({ continuations }) => continuations.length === 0).length,
  };
}

function questionText({ question, choices, style, is_sentence }: ChoiceItem): string {
  if (style === "letters")
    return [question, ...choices.map((choice, i) => `${letter(i)}. ${choice}`), "Answer:"].join(
      "\n",
    );
  return is_sentence ? question : `Question: ${question}\nAnswer:`;
}

/** Without the space that stands between the question and each of them. */
function optionsOf({ choices, style }: ChoiceItem): string[] {
  return style === "letters" ? choices.map((_, i) => letter(i)) : choices;
}

/** The question with its answer. */
function solved(item: ChoiceItem): string {
  return `${questionText(item)} ${optionsOf(item)[item.answer]!}`;
}
