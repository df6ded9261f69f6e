import { FlmError } from "../errors.ts";
import type { Instruction, InstructionOp } from "./instruction.ts";

/** What the instruction lists of a pipeline are to achieve. */
export interface PipelineWork {
  pipeline_parallel_size: number;
  virtual_pipeline_size: number;
  num_micro_batches: number;
  /** No backward passes (evaluation). */
  forward_only: boolean;
}

/**
 * Checks what can be said of one rank's list alone: every micro-batch goes through every chunk once, its instructions
 * in their one order and with the right peers, in a slot that it shares with no other.
 *
 * @returns the most micro-batches, over all chunks, whose activations are kept at once.
 * @throws FlmError INTERNAL at the first contradiction: a bad list is a bug of its maker.
 */
export function auditRank(
  rank: number,
  instructions: readonly Instruction[],
  work: PipelineWork,
): number {
  const chunks = Array.from({ length: work.virtual_pipeline_size }, (_, chunk) => ({
    life: lifeOf(rank, chunk, work),
    /** Instructions that each micro-batch has behind it. */
    done: Array.from({ length: work.num_micro_batches }, () => 0),
    slots: new Map<number, number>(),
  }));
  let kept = 0;
  let peak = 0;
  for (const instruction of instructions) {
    const { op, micro_batch, slot, peer } = instruction;
    const refuse = (why: string) =>
      new FlmError("INTERNAL", `pipeline rank ${rank}, ${describe(instruction)}: ${why}`);
    const chunk = chunks[instruction.chunk];
    const done = chunk?.done[micro_batch];
    if (chunk === undefined || done === undefined)
      throw refuse("there is no such micro-batch or chunk");
    const { life, slots } = chunk;
    if (op !== life[done]) throw refuse(`${life[done] ?? "nothing"} was to come next for it`);
    const expectedPeer = peerOf(op, rank, work);
    if (peer !== expectedPeer) throw refuse(`the peer is ${peer} instead of ${expectedPeer}`);
    const holds = slots.get(slot);
    const expected = done === 0 ? undefined : micro_batch;
    if (holds !== expected)
      throw refuse(
        `slot ${slot} holds ${holds === undefined ? "nothing" : `micro-batch ${holds}`}`,
      );
    if (done === 0) {
      slots.set(slot, micro_batch);
      peak = Math.max(peak, ++kept);
    }
    if (done === life.length - 1) {
      slots.delete(slot);
      kept--;
    }
    chunk.done[micro_batch] = done + 1;
  }
  for (const [chunk, { life, done }] of chunks.entries()) {
    const unfinished = done.findIndex((count) => count < life.length);
    if (unfinished !== -1)
      throw new FlmError(
        "INTERNAL",
        `pipeline rank ${rank}: ${life[done[unfinished]!]} of micro-batch ${unfinished} in chunk ${chunk} is missing`,
      );
  }
  return peak;
}

export function describe({ op, micro_batch, chunk }: Instruction): string {
  return `${op} of micro-batch ${micro_batch} in chunk ${chunk}`;
}

/** All instructions of a micro-batch in a chunk; a gradient can only come after the loss. */
function lifeOf(rank: number, chunk: number, work: PipelineWork): InstructionOp[] {
  const ranks = work.pipeline_parallel_size;
  const isFirst = rank === 0 && chunk === 0;
  const isLast = rank === ranks - 1 && chunk === work.virtual_pipeline_size - 1;
  const life: InstructionOp[] = [];
  if (!isFirst) life.push("receive_forward");
  life.push("forward");
  if (!isLast) life.push("send_forward");
  if (work.forward_only) return life;
  if (!isLast) life.push("receive_backward");
  life.push("backward");
  if (!isFirst) life.push("send_backward");
  return life;
}

function peerOf(op: InstructionOp, rank: number, work: PipelineWork): number {
  if (op === "forward" || op === "backward") return -1;
  const ranks = work.pipeline_parallel_size;
  const isTowardsNext = op === "send_forward" || op === "receive_backward";
  return (rank + (isTowardsNext ? 1 : ranks - 1)) % ranks;
}
