import { expect, test } from "vitest";
import { numMicroBatchesOf } from "../../../lib/parallel/micro-batches.ts";
import { failure } from "../failure.ts";
import { pipelineMesh } from "./meshes.ts";

test("each replica runs its share of the batch", () => {
  const mesh = { ...pipelineMesh(2), data_parallel_size: 4 };
  expect(numMicroBatchesOf(mesh, { global_batch_size: 48, micro_batch_size: 2 })).toBe(6);
});

test("unequal shares are refused with the next sizes that work", () => {
  const mesh = { ...pipelineMesh(1), data_parallel_size: 4 };
  const refused = (global_batch_size: number) =>
    failure(() => numMicroBatchesOf(mesh, { global_batch_size, micro_batch_size: 4 }));
  expect(refused(24).code).toBe("CONFIG_INVALID");
  expect(refused(24).message).toBe(
    "global_batch_size 24 is not a multiple of micro_batch_size 4 · data_parallel_size 4 = 16",
  );
  expect(refused(24).hint).toBe("use global_batch_size 16 or 32");
  expect(refused(8).hint).toBe("use global_batch_size 16");
});

test("an interleaved schedule runs whole rounds", () => {
  const stage = { global_batch_size: 12, micro_batch_size: 2 };
  expect(numMicroBatchesOf(pipelineMesh(4), stage)).toBe(6);
  const { message, hint } = failure(() => numMicroBatchesOf(pipelineMesh(4, 2), stage));
  expect(message).toContain("6 micro-batches, not a multiple of pipeline_parallel_size 4");
  expect(hint).toBe("use global_batch_size 8 or 16, or virtual_pipeline_size 1");
});
