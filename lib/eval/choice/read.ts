import { readFileSync } from "node:fs";
import { FlmError, ioError } from "../../errors.ts";
import { type ChoiceItem, letter } from "./item.ts";

const HINT =
  'a line is an object like {"question": "…", "choices": ["…", "…"], "answer": 1}; docs/evaluation.md has all forms';

/** Letters that options can have as fields of their own, as in C-Eval. */
const LETTERS = Array.from({ length: 10 }, (_, i) => letter(i));

type Fields = Readonly<Record<string, unknown>>;

/**
 * Questions of a JSONL file in the form of MMLU, C-Eval and CMMLU, ARC or HellaSwag.
 *
 * @param limit of questions, from the beginning
 * @throws FlmError DATA_NOT_FOUND, DATA_EMPTY, or DATA_INVALID naming file, line and field
 */
export function readChoices(path: string, limit = Infinity): ChoiceItem[] {
  const items: ChoiceItem[] = [];
  for (const [index, line] of readLines(path).entries()) {
    if (items.length >= limit) break;
    if (line.trim() === "") continue;
    try {
      items.push(parseLine(line));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      throw new FlmError("DATA_INVALID", `${path}:${index + 1}: ${error.message}`, { hint: HINT });
    }
  }
  if (items.length > 0) return items;
  throw new FlmError("DATA_EMPTY", `${path} holds no questions`, { hint: HINT });
}

/** What is wrong with a line. */
class Problem extends Error {}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .replace(/^\ufeff/, "")
      .split(/\r?\n/);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT")
      throw new FlmError("DATA_NOT_FOUND", `there is no file ${path}`, {
        hint: "check the path; a relative one counts from the working directory",
        cause,
      });
    throw ioError("read", path, cause);
  }
}

function parseLine(line: string): ChoiceItem {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new Problem(`not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Problem("not a JSON object");
  const fields = value as Fields;
  const subject = fields.subject ?? fields.category;
  return {
    ...(fields.endings === undefined ? parseQuestion(fields) : parseSentence(fields)),
    subject: typeof subject === "string" && subject !== "" ? subject : null,
  };
}

/** HellaSwag's form: ctx, endings, label. */
function parseSentence(fields: Fields): Omit<ChoiceItem, "subject"> {
  const choices = texts(fields.endings, "endings");
  return {
    question: text(fields.ctx, "ctx"),
    choices,
    answer: indexOf(fields.label, "label", choices),
    style: "text",
    is_sentence: true,
  };
}

function parseQuestion(fields: Fields): Omit<ChoiceItem, "subject"> {
  const question = text(fields.question ?? fields.Question, "question");
  const answer = fields.answer ?? fields.Answer ?? fields.answerKey;
  const { choices } = fields;
  // ARC's form: choices as two lists, of texts and of their labels.
  if (typeof choices === "object" && choices !== null && !Array.isArray(choices)) {
    const { text: options, label } = choices as Fields;
    const own = texts(options, "choices.text");
    const labels = texts(label, "choices.label");
    if (labels.length !== own.length)
      throw new Problem(`choices has ${own.length} texts and ${labels.length} labels`);
    const index = labels.indexOf(text(answer, "answerKey"));
    if (index === -1)
      throw new Problem(`answerKey ${JSON.stringify(answer)} is not among choices.label`);
    return { question, choices: own, answer: index, style: "text", is_sentence: false };
  }
  // MMLU's form has a list, C-Eval's a field for each letter.
  const hasLetters = choices === undefined;
  const own = hasLetters ? lettered(fields) : texts(choices, "choices");
  const index = indexOf(answer, "answer", own, hasLetters);
  return { question, choices: own, answer: index, style: "letters", is_sentence: false };
}

function lettered(fields: Fields): string[] {
  const end = LETTERS.findIndex((name) => fields[name] === undefined);
  const own = LETTERS.slice(0, end === -1 ? LETTERS.length : end).map((name) => fields[name]);
  if (own.length === 0) throw new Problem("choices is missing, and so are A, B, …");
  return texts(own, "A, B, …");
}

/**
 * An index, its digits, a letter, or the option itself. Where there is no telling which, nothing is guessed: a wrong
 * key would score every model wrong.
 *
 * @param hasLetters the options have letters of their own, so that a letter is one
 */
function indexOf(
  answer: unknown,
  field: string,
  choices: readonly string[],
  hasLetters = false,
): number {
  const isText = typeof answer === "string";
  const digits = isText && /^\d+$/.test(answer.trim());
  const ofLetter = isText ? LETTERS.indexOf(answer.trim()) : -1;
  const candidates = [
    typeof answer === "number" || digits ? Number(answer) : -1,
    ofLetter,
    isText && !(hasLetters && ofLetter >= 0) ? choices.indexOf(answer) : -1,
  ];
  const found = new Set(
    candidates.filter((at) => Number.isInteger(at) && at >= 0 && at < choices.length),
  );
  const [index] = found;
  if (found.size === 1) return index!;
  const what =
    answer === undefined ? `${field} is missing` : `${field} is ${JSON.stringify(answer)}`;
  if (found.size > 1)
    throw new Problem(
      `${what}: that stands for one choice and is the text of another; give the index as a number`,
    );
  throw new Problem(
    `${what}; it must be an index from 0 to ${choices.length - 1}, a letter from A to ${letter(choices.length - 1)} or a choice`,
  );
}

function text(value: unknown, field: string): string {
  if (value === undefined) throw new Problem(`${field} is missing`);
  if (typeof value !== "string" || value.trim() === "")
    throw new Problem(`${field} is ${JSON.stringify(value)}; it must be text`);
  return value;
}

function texts(value: unknown, field: string): string[] {
  if (value === undefined) throw new Problem(`${field} is missing`);
  if (!Array.isArray(value) || value.length < 2)
    throw new Problem(`${field} must be a list of two texts or more`);
  if (value.length > LETTERS.length)
    throw new Problem(`${field} has ${value.length} entries; at most ${LETTERS.length} are read`);
  return value.map((entry, i) => text(entry, `${field}, entry ${i}`));
}
