import { readTokenizerJson } from "./read-json.ts";
import { LABEL_NAMES } from "./read-added.ts";
import { specialToken } from "./write-json.ts";

/**
 * A tokenizer.json with both labels: as it is where it has them, otherwise with two more ids behind its vocabulary.
 *
 * @throws FlmError TOKENIZER_INVALID for one that cannot be read
 */
export function withLabels(json: string): string {
  const { label_ids, vocabulary } = readTokenizerJson(json);
  if (label_ids !== null) return json;
  const file = JSON.parse(json) as { added_tokens?: object[] | null };
  const added = LABEL_NAMES.map((name, i) => specialToken(vocabulary.ends.length + i, name));
  return `${JSON.stringify({ ...file, added_tokens: [...(file.added_tokens ?? []), ...added] }, null, 1)}\n`;
}
