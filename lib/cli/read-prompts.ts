import { z } from "zod";
import { FlmError } from "../errors.ts";
import { readText } from "../read-text.ts";

export interface ListedPrompt {
  prompt: string;
  /** Where the line names one. */
  seed?: number;
}

const LINE = z.strictObject({
  prompt: z.string(),
  seed: z.int().nonnegative().optional(),
});

/**
 * The prompts of a file: one a line, or in a file that is called .jsonl one object a line. Empty lines are passed over.
 *
 * @throws FlmError IO, DATA_EMPTY; DATA_INVALID naming the line
 */
export function readPrompts(path: string): ListedPrompt[] {
  const lines = readText(path)
    .replace(/^\ufeff/, "")
    .split(/\r?\n/);
  const listed = lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    return path.endsWith(".jsonl") ? [parse(line, `${path}:${i + 1}`)] : [{ prompt: line }];
  });
  if (listed.length === 0)
    throw new FlmError("DATA_EMPTY", `${path} has no prompt`, { hint: "write one a line" });
  return listed;
}

function parse(line: string, where: string): ListedPrompt {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw invalid(`${where} is not JSON`);
  }
  const { success, data } = LINE.safeParse(value);
  if (!success) throw invalid(`${where} is not a prompt`);
  return data;
}

function invalid(message: string): FlmError {
  return new FlmError("DATA_INVALID", message, {
    hint: 'a line looks like {"prompt": "Once", "seed": 3}; seed may be left out',
  });
}
