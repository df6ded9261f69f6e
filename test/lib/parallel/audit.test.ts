import { expect, test } from "vitest";
import { auditRank, type PipelineWork } from "../../../lib/parallel/audit.ts";
import type { Instruction } from "../../../lib/parallel/instruction.ts";
import { failure } from "../failure.ts";
import { ofTwo } from "./notation.ts";

const WORK: PipelineWork = {
  pipeline_parallel_size: 2,
  virtual_pipeline_size: 1,
  num_micro_batches: 2,
  forward_only: false,
};

function complaint(rank: 0 | 1, list: Instruction[] | string, work = WORK): string {
  const instructions = typeof list === "string" ? ofTwo(rank, list) : list;
  const { code, message } = failure(() => auditRank(rank, instructions, work));
  expect(code).toBe("INTERNAL");
  expect(message).toContain(`pipeline rank ${rank}`);
  return message;
}

test("a good list's peak is counted between the first and last instruction of a micro-batch", () => {
  expect(auditRank(0, ofTwo(0, "F0 s0 F1 s1 R0 B0 R1 B1"), WORK)).toBe(2);
  expect(auditRank(0, ofTwo(0, "F0 s0 R0 B0 F1/0 s1/0 R1/0 B1/0"), WORK)).toBe(1);
  expect(auditRank(1, ofTwo(1, "r0 F0 B0 r1 S0 F1 B1 S1"), WORK)).toBe(2);
});

test("evaluation has no backward passes", () => {
  const work = { ...WORK, forward_only: true };
  expect(auditRank(1, ofTwo(1, "r0 F0 r1 F1"), work)).toBe(1);
  expect(complaint(1, "r0 F0 B0 S0 r1 F1 B1 S1", work)).toContain("nothing was to come next");
});

test("a gradient before the loss", () => {
  expect(complaint(1, "r0 B0 S0 F0 r1 F1 B1 S1")).toContain(
    "backward of micro-batch 0 in chunk 0: forward was to come next",
  );
  expect(complaint(0, "F0 R0 s0 B0 F1 s1 R1 B1")).toContain("send_forward was to come next");
});

test("work that is done twice or not at all", () => {
  expect(complaint(1, "r0 F0 B0 S0 r0 F0 B0 S0")).toContain(
    "receive_forward of micro-batch 0 in chunk 0: nothing was to come next",
  );
  expect(complaint(1, "r0 F0 B0 S0")).toContain(
    "receive_forward of micro-batch 1 in chunk 0 is missing",
  );
  expect(complaint(1, "r0 F0 r1 F1 B1 S1 B0")).toContain(
    "send_backward of micro-batch 0 in chunk 0 is missing",
  );
});

test("a slot that holds something else", () => {
  expect(complaint(0, "F0/0 s0/0 F1/0")).toContain(
    "forward of micro-batch 1 in chunk 0: slot 0 holds micro-batch 0",
  );
  expect(complaint(0, "F0/0 s0/0 F1/1 s1/1 R0/1")).toContain("slot 1 holds micro-batch 1");
  expect(complaint(0, "F0/0 s0/5")).toContain("slot 5 holds nothing");
});

test("a peer that is not the neighbour", () => {
  const instructions = ofTwo(0, "F0 s0");
  instructions[1]!.peer = 0;
  expect(complaint(0, instructions)).toContain("the peer is 0 instead of 1");
});

test("micro-batches and chunks that the step does not have", () => {
  expect(complaint(0, "F2")).toContain("there is no such micro-batch or chunk");
  expect(complaint(0, [{ ...ofTwo(0, "F0")[0]!, chunk: 1 }])).toContain("no such micro-batch");
});
