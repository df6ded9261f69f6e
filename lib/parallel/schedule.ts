import type { Instruction, InstructionOp } from "./instruction.ts";
import { type Mesh, virtualStageOf, virtualStagesOf } from "./mesh.ts";

/** A micro-batch in a chunk. */
interface Unit {
  micro_batch: number;
  chunk: number;
}

/**
 * A pipeline rank's part of one training step: 1F1B, interleaved with several chunks (spec: Narayanan et al. 2021,
 * arXiv 2104.04473). After as many forward passes as it takes to fill the pipeline, forward and backward passes take
 * turns. On the last virtual stage `forward` includes the loss, so its `backward` receives nothing; on the first,
 * `forward` reads tokens.
 *
 * @param numMicroBatches a multiple of the pipeline size with several chunks (`numMicroBatchesOf` checks it).
 */
export function instructionsOf(
  mesh: Mesh,
  pipelineRank: number,
  numMicroBatches: number,
): Instruction[] {
  const list = new InstructionList(mesh, pipelineRank);
  const forwards = unitsInOrder(mesh, numMicroBatches);
  const backwards = forwards.map(({ micro_batch, chunk }) => ({
    micro_batch,
    chunk: mesh.virtual_pipeline_size - 1 - chunk,
  }));
  const warmup = Math.min(warmupOf(mesh, pipelineRank), forwards.length);
  for (const unit of forwards.slice(0, warmup)) list.forward(unit);
  for (const [i, unit] of forwards.slice(warmup).entries()) {
    list.forward(unit);
    list.backward(backwards[i]!);
  }
  for (const unit of backwards.slice(forwards.length - warmup)) list.backward(unit);
  return list.instructions;
}

/** Forward passes alone, for evaluation: any number of micro-batches, one slot a chunk. */
export function forwardInstructionsOf(
  mesh: Mesh,
  pipelineRank: number,
  numMicroBatches: number,
): Instruction[] {
  const list = new InstructionList(mesh, pipelineRank);
  for (const unit of unitsInOrder(mesh, numMicroBatches)) list.forwardOnly(unit);
  return list.instructions;
}

/**
 * Rounds of one micro-batch for each pipeline rank, through one chunk after another: when the last rank passes a round
 * on to the next chunk, the first rank has just finished the round in this one.
 */
function unitsInOrder(mesh: Mesh, numMicroBatches: number): Unit[] {
  const units: Unit[] = [];
  const round = mesh.pipeline_parallel_size;
  for (let start = 0; start < numMicroBatches; start += round)
    for (let chunk = 0; chunk < mesh.virtual_pipeline_size; chunk++)
      for (let i = start; i < Math.min(start + round, numMicroBatches); i++)
        units.push({ micro_batch: i, chunk });
  return units;
}

/** Forward passes that fill the pipeline before the two kinds take turns. */
function warmupOf(mesh: Mesh, pipelineRank: number): number {
  const behind = mesh.pipeline_parallel_size - 1 - pipelineRank;
  if (mesh.virtual_pipeline_size === 1) return behind;
  return 2 * behind + (mesh.virtual_pipeline_size - 1) * mesh.pipeline_parallel_size;
}

/** Instructions of one rank in the making: adds the transfers around a pass and hands out slots. */
class InstructionList {
  readonly instructions: Instruction[] = [];
  readonly #mesh: Mesh;
  readonly #rank: number;
  /** The micro-batch in each slot of each chunk; undefined: free. */
  readonly #slots: (number | undefined)[][];

  constructor(mesh: Mesh, pipelineRank: number) {
    this.#mesh = mesh;
    this.#rank = pipelineRank;
    this.#slots = Array.from({ length: mesh.virtual_pipeline_size }, () => []);
  }

  forward(unit: Unit): void {
    this.#take(unit);
    if (!this.#isFirst(unit)) this.#push("receive_forward", unit, -1);
    this.#push("forward", unit);
    if (!this.#isLast(unit)) this.#push("send_forward", unit, 1);
  }

  backward(unit: Unit): void {
    if (!this.#isLast(unit)) this.#push("receive_backward", unit, 1);
    this.#push("backward", unit);
    if (!this.#isFirst(unit)) this.#push("send_backward", unit, -1);
    this.#release(unit);
  }

  forwardOnly(unit: Unit): void {
    this.forward(unit);
    this.#release(unit);
  }

  /** `towards`: 1 for the rank of the next virtual stage, -1 for the one before; none: no peer. */
  #push(op: InstructionOp, { micro_batch, chunk }: Unit, towards?: 1 | -1): void {
    const ranks = this.#mesh.pipeline_parallel_size;
    const peer = towards === undefined ? -1 : (this.#rank + towards + ranks) % ranks;
    const slot = this.#slots[chunk]!.indexOf(micro_batch);
    this.instructions.push({ op, micro_batch, chunk, slot, peer });
  }

  #take({ micro_batch, chunk }: Unit): void {
    const slots = this.#slots[chunk]!;
    const free = slots.indexOf(undefined);
    slots[free === -1 ? slots.length : free] = micro_batch;
  }

  #release({ micro_batch, chunk }: Unit): void {
    const slots = this.#slots[chunk]!;
    slots[slots.indexOf(micro_batch)] = undefined;
  }

  #isFirst({ chunk }: Unit): boolean {
    return virtualStageOf(this.#mesh, this.#rank, chunk) === 0;
  }

  #isLast({ chunk }: Unit): boolean {
    return virtualStageOf(this.#mesh, this.#rank, chunk) === virtualStagesOf(this.#mesh) - 1;
  }
}
