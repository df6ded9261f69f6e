/** The operations of a pipeline rank; their positions are the codes that the interpreter reads. */
export const INSTRUCTION_OPS = [
  "receive_forward",
  "forward",
  "send_forward",
  "receive_backward",
  "backward",
  "send_backward",
] as const;

export type InstructionOp = (typeof INSTRUCTION_OPS)[number];

/**
 * One thing that a pipeline rank does with one micro-batch in one of its chunks. Activations travel on one FIFO channel
 * for each ordered pair of ranks, gradients on another.
 */
export interface Instruction {
  op: InstructionOp;
  micro_batch: number;
  chunk: number;
  /**
   * Which of the chunk's activation memories the micro-batch has here, from 0 on within the chunk: taken by its first
   * instruction, free again after its last.
   */
  slot: number;
  /** Pipeline rank of the other side of a send or receive, else -1. */
  peer: number;
}

/** Numbers of one instruction in `encodeInstructions`: op code, micro_batch, chunk, slot, peer. */
export const INSTRUCTION_FIELDS = 5;

export function encodeInstructions(instructions: readonly Instruction[]): Int32Array {
  return Int32Array.from(
    instructions.flatMap(({ op, micro_batch, chunk, slot, peer }) => [
      INSTRUCTION_OPS.indexOf(op),
      micro_batch,
      chunk,
      slot,
      peer,
    ]),
  );
}

/** Activation memories that each chunk needs. */
export function slotCounts(instructions: readonly Instruction[]): number[] {
  const counts: number[] = [];
  for (const { chunk, slot } of instructions)
    counts[chunk] = Math.max(counts[chunk] ?? 0, slot + 1);
  return counts;
}
