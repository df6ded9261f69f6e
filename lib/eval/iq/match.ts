import type { IqItem } from "./item.ts";

/** Whether the line that a model wrote behind the prompt is the item's answer. */
export function matches({ metric, answer, options }: IqItem, line: string): boolean {
  const written = line.trim();
  if (metric === "exact") return normalized(written) === normalized(answer);
  // The labels have equal lengths, so a line cannot start with both.
  if (metric === "choice") return written.startsWith(answer);
  const [word = ""] = /[A-Za-z0-9]+/.exec(written) ?? [];
  // The places of a story are words; anything else that is asked for is spelled exactly.
  return options ? word.toLowerCase() === answer.toLowerCase() : word === answer;
}

/**
 * How near a line comes to the answer, from 0 to 1, for tasks that a model does not solve yet: the share of a count
 * that is right from its beginning, else 1 - edit distance / longer length. Null for answers that are chosen.
 */
export function similarity({ task, metric, answer }: IqItem, line: string): number | null {
  if (metric !== "exact") return null;
  const written = normalized(line.trim());
  const wanted = normalized(answer);
  if (task === "ru_count") return commonPrefix(wanted.split(","), written.split(","));
  const longer = Math.max(wanted.length, written.length);
  return 1 - editDistance(wanted, written) / longer;
}

/** Single spaces, and none round commas. */
function normalized(text: string): string {
  return text.replace(/ +/g, " ").replace(/ ?, ?/g, ",");
}

function commonPrefix(wanted: readonly string[], written: readonly string[]): number {
  const wrong = wanted.findIndex((number, i) => number !== written[i]);
  return (wrong === -1 ? wanted.length : wrong) / wanted.length;
}

/** Levenshtein's: insertions, deletions and substitutions that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substituted, above[j]! + 1, row[j - 1]! + 1));
    }
    above = row;
  }
  return above[b.length]!;
}
