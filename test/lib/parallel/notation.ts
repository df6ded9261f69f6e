import type { Instruction } from "../../../lib/parallel/instruction.ts";

const LETTERS = {
  r: "receive_forward",
  F: "forward",
  s: "send_forward",
  R: "receive_backward",
  B: "backward",
  S: "send_backward",
} as const;

type Letter = keyof typeof LETTERS;

/** "F0 s0 R0 B0": operation and micro-batch; with several chunks "F0.1" for chunk 1. */
export function written(instructions: readonly Instruction[]): string {
  const hasChunks = instructions.some(({ chunk }) => chunk > 0);
  const letters = Object.entries(LETTERS);
  return instructions
    .map(({ op, micro_batch, chunk }) => {
      const letter = letters.find(([, name]) => name === op)![0];
      return `${letter}${micro_batch}${hasChunks ? `.${chunk}` : ""}`;
    })
    .join(" ");
}

/** The list of rank 0 or 1 of a pipeline of two; "F1/2" is in slot 2, else the slot is the micro-batch's number. */
export function ofTwo(rank: 0 | 1, text: string): Instruction[] {
  return text.split(" ").map((word) => {
    const [, letter, micro_batch, slot] = /^(\w)(\d+)(?:\/(\d+))?$/.exec(word)!;
    const op = LETTERS[letter as Letter];
    return {
      op,
      micro_batch: Number(micro_batch),
      chunk: 0,
      slot: Number(slot ?? micro_batch),
      peer: op === "forward" || op === "backward" ? -1 : 1 - rank,
    };
  });
}
