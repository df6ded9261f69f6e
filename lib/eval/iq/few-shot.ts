import type { IqDraft } from "./item.ts";

/** A question with its answer, as one block of a prompt. */
export interface Case {
  question: string;
  answer: string;
}

/** A prompt of solved cases with the last one open. `key` is the word in front of each answer. */
export function fewShot(instruction: string, cases: readonly Case[], key: string): IqDraft {
  const shots = cases.slice(0, -1).map(({ question, answer }) => `${question}\n${key}: ${answer}`);
  const open = cases.at(-1)!;
  const blocks = [...(instruction === "" ? [] : [instruction]), ...shots];
  return {
    prompt: [...blocks, `${open.question}\n${key}:`].join("\n\n"),
    answer: open.answer,
    metric: "exact",
    shots: shots.length,
  };
}

/** Draws one case after another. */
export function drawCases(count: number, draw: () => Case): Case[] {
  return Array.from({ length: count }, draw);
}
