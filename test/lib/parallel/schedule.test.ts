import { describe, expect, test } from "vitest";
import { type Instruction, slotCounts } from "../../../lib/parallel/instruction.ts";
import type { Mesh } from "../../../lib/parallel/mesh.ts";
import { forwardInstructionsOf, instructionsOf } from "../../../lib/parallel/schedule.ts";
import { type SendMode, simulate, type Simulation } from "../../../lib/parallel/simulate.ts";
import { pipelineMesh, range } from "./meshes.ts";
import { written } from "./notation.ts";

/** Passes alone. */
function passes(instructions: readonly Instruction[]): string {
  return written(instructions.filter(({ op }) => op === "forward" || op === "backward"));
}

const FORWARD_TIME = 1;
const BACKWARD_TIME = 2;

function run(
  mesh: Mesh,
  micro_batches: number,
  { forward_only = false, mode = "buffered" as SendMode } = {},
): Simulation {
  const instructions = forward_only ? forwardInstructionsOf : instructionsOf;
  return simulate(
    range(mesh.pipeline_parallel_size).map((rank) => instructions(mesh, rank, micro_batches)),
    {
      pipeline_parallel_size: mesh.pipeline_parallel_size,
      virtual_pipeline_size: mesh.virtual_pipeline_size,
      num_micro_batches: micro_batches,
      forward_only,
    },
    { forward: () => FORWARD_TIME, backward: () => BACKWARD_TIME, transfer: 0 },
    mode,
  );
}

const PIPELINES = range(8).map((i) => i + 1);
const MICRO_BATCHES = range(32).map((i) => i + 1);

/** Every interleaved pipeline with the numbers of micro-batches that it takes in training. */
const INTERLEAVED = PIPELINES.slice(1).flatMap((pipeline) =>
  [2, 3, 4].flatMap((virtual) =>
    MICRO_BATCHES.filter((count) => count % pipeline === 0).map((count) => ({
      pipeline,
      virtual,
      count,
    })),
  ),
);

describe("1F1B", () => {
  test("the first of two ranks fills the pipeline, then passes take turns", () => {
    expect(written(instructionsOf(pipelineMesh(2), 0, 3))).toBe(
      "F0 s0 F1 s1 R0 B0 F2 s2 R1 B1 R2 B2",
    );
    expect(written(instructionsOf(pipelineMesh(2), 1, 3))).toBe(
      "r0 F0 B0 S0 r1 F1 B1 S1 r2 F2 B2 S2",
    );
  });

  test("one rank alone computes forward and backward in turn", () => {
    const instructions = instructionsOf(pipelineMesh(1), 0, 2);
    expect(written(instructions)).toBe("F0 B0 F1 B1");
    expect(instructions.every(({ peer }) => peer === -1)).toBe(true);
    expect(slotCounts(instructions)).toEqual([1]);
  });

  test("transfers name the neighbour", () => {
    const peers = instructionsOf(pipelineMesh(3), 1, 1).map(({ op, peer }) => [op, peer]);
    expect(peers).toEqual([
      ["receive_forward", 0],
      ["forward", -1],
      ["send_forward", 2],
      ["receive_backward", 2],
      ["backward", -1],
      ["send_backward", 0],
    ]);
  });

  test("does its work, keeps min(m, p - rank) activations and idles for p - 1 passes", () => {
    for (const pipeline of PIPELINES)
      for (const count of MICRO_BATCHES) {
        const mesh = pipelineMesh(pipeline);
        const { bubble, peakSlots } = run(mesh, count);
        const kept = range(pipeline).map((rank) => Math.min(count, pipeline - rank));
        expect(peakSlots).toEqual(kept);
        expect(bubble).toBeCloseTo((pipeline - 1) / count, 12);
        const slots = range(pipeline).map((rank) => slotCounts(instructionsOf(mesh, rank, count)));
        expect(slots.flat()).toEqual(kept);
      }
  });

  test.each(["posted", "ordered"] as const)("loses no time with %s sends", (mode) => {
    for (const pipeline of PIPELINES)
      for (const count of MICRO_BATCHES)
        expect(run(pipelineMesh(pipeline), count, { mode }).bubble).toBeCloseTo(
          (pipeline - 1) / count,
          12,
        );
  });
});

describe("interleaved 1F1B", () => {
  test("rounds of one micro-batch a rank go through one chunk after another", () => {
    expect(passes(instructionsOf(pipelineMesh(2, 2), 1, 4))).toBe(
      "F0.0 F1.0 F0.1 B0.1 F1.1 B1.1 F2.0 B0.0 F3.0 B1.0 F2.1 B2.1 F3.1 B3.1 B2.0 B3.0",
    );
  });

  test("the last rank hands on to the first one's next chunk", () => {
    const instructions = instructionsOf(pipelineMesh(3, 2), 2, 3);
    const handedOn = instructions.filter(({ op }) => op === "send_forward");
    expect(handedOn.map(({ chunk, peer }) => [chunk, peer])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  test("does its work, keeps what it fills the pipeline with, and idles for (p - 1) / v passes", () => {
    for (const { pipeline, virtual, count } of INTERLEAVED) {
      const { bubble, peakSlots } = run(pipelineMesh(pipeline, virtual), count);
      expect(bubble).toBeCloseTo((pipeline - 1) / (virtual * count), 12);
      expect(peakSlots).toEqual(
        range(pipeline).map((rank) =>
          Math.min(count * virtual, 2 * (pipeline - rank - 1) + (virtual - 1) * pipeline + 1),
        ),
      );
    }
  });

  test("a chunk never needs more slots than there are micro-batches", () => {
    for (const { pipeline, virtual, count } of INTERLEAVED)
      for (const rank of range(pipeline)) {
        const counts = slotCounts(instructionsOf(pipelineMesh(pipeline, virtual), rank, count));
        expect(counts).toHaveLength(virtual);
        expect(Math.max(...counts)).toBeLessThanOrEqual(count);
      }
  });

  // An activation on its way keeps a slot here until its gradient is back; a gradient, one in the rank before.
  test("messages on their way are bounded by the activations that ranks keep", () => {
    for (const { pipeline, virtual, count } of INTERLEAVED) {
      const { peakMessages, peakSlots } = run(pipelineMesh(pipeline, virtual), count);
      for (const rank of range(pipeline)) {
        const before = peakSlots[(rank + pipeline - 1) % pipeline]!;
        expect(peakMessages[rank]).toBeLessThanOrEqual(peakSlots[rank]! + before);
      }
    }
  });

  // An outgoing gradient keeps its slot for as long as the rank before is busy with another chunk.
  test("posted sends lose a tenth at most and never deadlock", () => {
    for (const { pipeline, virtual, count } of INTERLEAVED) {
      const mesh = pipelineMesh(pipeline, virtual);
      const posted = run(mesh, count, { mode: "posted" });
      expect(posted.makespan).toBeLessThanOrEqual(1.1 * run(mesh, count).makespan);
    }
  });

  test("the ring of ranks deadlocks where sends and receives of a direction share a queue", () => {
    expect(() => run(pipelineMesh(2, 2), 2, { mode: "ordered" })).toThrow("deadlock");
  });
});

describe("forward alone", () => {
  test("passes follow one another in one slot a chunk", () => {
    const instructions = forwardInstructionsOf(pipelineMesh(2), 1, 2);
    expect(written(instructions)).toBe("r0 F0 r1 F1");
    expect(slotCounts(forwardInstructionsOf(pipelineMesh(3, 2), 0, 5))).toEqual([1, 1]);
  });

  test.each(["buffered", "posted"] as const)(
    "takes any number of micro-batches with %s sends; whole rounds idle least",
    (mode) => {
      for (const pipeline of PIPELINES)
        for (const virtual of pipeline === 1 ? [1] : [1, 2, 3, 4])
          for (const count of MICRO_BATCHES) {
            const { bubble } = run(pipelineMesh(pipeline, virtual), count, {
              forward_only: true,
              mode,
            });
            const least = (pipeline - 1) / (virtual * count);
            if (virtual === 1 || count % pipeline === 0) expect(bubble).toBeCloseTo(least, 12);
            else expect(bubble).toBeGreaterThan(least);
          }
    },
  );
});
