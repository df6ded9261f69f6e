import { describe, expect, test } from "vitest";
import type { PipelineWork } from "../../../lib/parallel/audit.ts";
import type { Instruction } from "../../../lib/parallel/instruction.ts";
import { instructionsOf } from "../../../lib/parallel/schedule.ts";
import { type PipelineCosts, type SendMode, simulate } from "../../../lib/parallel/simulate.ts";
import { failure } from "../failure.ts";
import { pipelineMesh, range } from "./meshes.ts";
import { ofTwo } from "./notation.ts";

const COSTS: PipelineCosts = { forward: () => 1, backward: () => 2, transfer: 0 };

function lists(pipeline: number, count: number, virtual = 1): Instruction[][] {
  return range(pipeline).map((rank) =>
    instructionsOf(pipelineMesh(pipeline, virtual), rank, count),
  );
}

function workOf(pipeline: number, count: number, virtual = 1): PipelineWork {
  return {
    pipeline_parallel_size: pipeline,
    virtual_pipeline_size: virtual,
    num_micro_batches: count,
    forward_only: false,
  };
}

describe("time", () => {
  test("passes wait for messages and transfers take time", () => {
    const run = simulate(lists(2, 1), workOf(2, 1), { ...COSTS, transfer: 10 });
    expect(run.makespan).toBe(1 + 10 + 1 + 2 + 10 + 2);
    expect(run.busy).toEqual([3, 3]);
    expect(run.bubble).toBe(23 / 3);
    expect(run.peakMessages).toEqual([1, 1]);
  });

  test("the slowest rank sets the pace", () => {
    const costs = { ...COSTS, forward: (rank: number) => (rank === 1 ? 4 : 1) };
    const run = simulate(lists(3, 16), workOf(3, 16), costs);
    expect(run.busy).toEqual([48, 96, 48]);
    // It waits for the first activation and for the last gradient; then rank 0 has a pass left.
    expect(run.makespan).toBe(1 + 96 + 1 + 2);
    expect(run.bubble).toBe(4 / 96);
  });

  test("chunks may differ in cost", () => {
    const costs = { ...COSTS, forward: (rank: number, chunk: number) => 1 + 10 * rank + chunk };
    const { busy } = simulate(lists(2, 2, 2), workOf(2, 2, 2), costs);
    expect(busy).toEqual([2 * (1 + 2 + 4), 2 * (11 + 12 + 4)]);
  });
});

test("a posted send keeps its slot until it is received", () => {
  const first = ofTwo(0, "F0 s0 F1 s1 F2 s2 R0 B0 R1 B1 R2 B2");
  const oneSlot = ofTwo(1, "r0/0 F0/0 B0/0 S0/0 r1/0 F1/0 B1/0 S1/0 r2/0 F2/0 B2/0 S2/0");
  const threeSlots = ofTwo(1, "r0 F0 B0 S0 r1 F1 B1 S1 r2 F2 B2 S2");
  const costs = { ...COSTS, forward: (rank: number) => (rank === 0 ? 4 : 1) };
  const makespan = (second: Instruction[], mode: SendMode) =>
    simulate([first, second], workOf(2, 3), costs, mode).makespan;
  expect(makespan(oneSlot, "buffered")).toBe(18);
  expect(makespan(threeSlots, "posted")).toBe(18);
  expect(makespan(oneSlot, "posted")).toBe(20);
});

describe("bad lists are caught", () => {
  const complaint = (first: string, second: string, count: number, mode?: SendMode): string => {
    const bad = [ofTwo(0, first), ofTwo(1, second)];
    const { code, message } = failure(() => simulate(bad, workOf(2, count), COSTS, mode));
    expect(code).toBe("INTERNAL");
    return message;
  };

  test("each by itself", () => {
    expect(complaint("F0 s0 R0 B0", "r0 F0 B0", 1)).toContain("send_backward");
  });

  test("two ranks that wait for each other", () => {
    const message = complaint("F0 s0 R0 B0 F1 s1 R1 B1", "r0 F0 r1 F1 B0 S0 B1 S1", 2);
    expect(message).toBe(
      "pipeline deadlock: rank 0 waits before receive_backward of micro-batch 0 in chunk 0 for rank 1; " +
        "rank 1 waits before receive_forward of micro-batch 1 in chunk 0 for rank 0",
    );
  });

  test("messages in another order than they are received in", () => {
    const message = complaint("F1 s1 F0 s0 R0 B0 R1 B1", "r0 F0 r1 F1 B0 S0 B1 S1", 2);
    expect(message).toBe(
      "pipeline rank 1, receive_forward of micro-batch 0 in chunk 0: " +
        "rank 0 sent something else first, send_forward of micro-batch 1 in chunk 0",
    );
  });

  test("1F1B with sends that block", () => {
    const { message } = failure(() => simulate(lists(2, 2), workOf(2, 2), COSTS, "blocking"));
    expect(message).toBe(
      "pipeline deadlock: rank 0 waits before receive_backward of micro-batch 0 in chunk 0 " +
        "for rank 1 to receive its send_forward of micro-batch 1 in chunk 0; " +
        "rank 1 waits before receive_forward of micro-batch 1 in chunk 0 " +
        "for rank 0 to receive its send_backward of micro-batch 0 in chunk 0",
    );
  });

  test("a last gradient that nobody takes", () => {
    expect(complaint("F0 s0", "r0 F0 B0 S0", 1)).toContain("receive_backward of micro-batch 0");
  });
});
