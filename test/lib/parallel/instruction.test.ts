import { expect, test } from "vitest";
import {
  encodeInstructions,
  INSTRUCTION_FIELDS,
  INSTRUCTION_OPS,
  type Instruction,
  slotCounts,
} from "../../../lib/parallel/instruction.ts";

test("five numbers an instruction: code, micro-batch, chunk, slot, peer", () => {
  const instructions = INSTRUCTION_OPS.map((op, code): Instruction => ({
    op,
    micro_batch: 10 + code,
    chunk: 20 + code,
    slot: 30 + code,
    peer: code - 1,
  }));
  const numbers = encodeInstructions(instructions);
  expect(numbers).toHaveLength(6 * INSTRUCTION_FIELDS);
  expect([...numbers.subarray(0, 10)]).toEqual([0, 10, 20, 30, -1, 1, 11, 21, 31, 0]);
  expect(encodeInstructions([])).toHaveLength(0);
});

test("slots are counted by chunk", () => {
  const at = (chunk: number, slot: number): Instruction => ({
    op: "forward",
    micro_batch: 0,
    chunk,
    slot,
    peer: -1,
  });
  expect(slotCounts([at(0, 0), at(1, 0), at(0, 2), at(0, 1)])).toEqual([3, 1]);
});
