import type { LanguageModel } from "../language-model.ts";
import { fitToContext, type Question } from "./fit.ts";
import type { IqItem } from "./item.ts";
import { matches, similarity } from "./match.ts";

/** How a model did on one item. */
export interface Outcome {
  item: IqItem;
  /** The line that it wrote is the answer. */
  passed: boolean;
  /** The answer is the likeliest option, by the sum of log-probabilities and by their mean over characters. */
  likeliest: boolean | null;
  likeliest_per_character: boolean | null;
  /** How near the line came to the answer, from 0 to 1; null where that means nothing. */
  similarity: number | null;
  shots_dropped: number;
  fits: boolean;
}

/** Asks a model all items of a task. `onItem` is called after each line that it wrote. */
export async function askAll(
  model: LanguageModel,
  items: readonly IqItem[],
  onItem: () => void,
): Promise<Outcome[]> {
  const questions: Question[] = [];
  for (const item of items) questions.push(await fitToContext(model, item));
  const lines = await linesOf(model, questions, onItem);
  const ranked = await rankOptions(model, questions);
  return questions.map(({ item, shots_dropped, fits }, i) => ({
    item,
    passed: fits && matches(item, lines[i]!),
    ...ranked[i]!,
    similarity: similarity(item, lines[i]!),
    shots_dropped,
    fits,
  }));
}

/** What the model writes behind each question; nothing behind those that do not fit. */
async function linesOf(
  model: LanguageModel,
  questions: readonly Question[],
  onLine: () => void,
): Promise<string[]> {
  const fitting = questions.filter(({ fits }) => fits);
  const written = await model.writeLines(fitting, onLine);
  let next = 0;
  return questions.map(({ fits }) => (fits ? written[next++]! : ""));
}

type Ranked = Pick<Outcome, "likeliest" | "likeliest_per_character">;

async function rankOptions(
  model: LanguageModel,
  questions: readonly Question[],
): Promise<Ranked[]> {
  const optionsOf = ({ item, fits }: Question) => (fits ? (item.options ?? []) : []);
  const continuations = questions.flatMap((question) =>
    optionsOf(question).map((option) => ({
      prompt: question.prompt,
      continuation: ` ${option}`,
    })),
  );
  const scores = await model.logProbabilities(continuations);
  let at = 0;
  return questions.map((question) => {
    const { item } = question;
    if (item.options === undefined) return { likeliest: null, likeliest_per_character: null };
    const options = optionsOf(question);
    const own = scores.slice(at, (at += options.length));
    const perCharacter = own.map((score, i) => score / options[i]!.length);
    return {
      likeliest: likeliestOf(options, own) === item.answer,
      likeliest_per_character: likeliestOf(options, perCharacter) === item.answer,
    };
  });
}

function likeliestOf(options: readonly string[], scores: readonly number[]): string | undefined {
  return options[scores.indexOf(Math.max(...scores))];
}
