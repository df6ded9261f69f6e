import { describe, expect, it } from "vitest";
import type { NcclFacts } from "../../../lib/native/types.ts";
import { chooseCommunicator } from "../../../lib/parallel/communicator.ts";

const on = (gpu: string, version = "2.27.3"): NcclFacts => ({ gpu, version, reason: null });

describe("chooseCommunicator", () => {
  it("takes NCCL where each rank has a GPU of its own", () => {
    expect(chooseCommunicator([on("GPU-a"), on("GPU-b")])).toEqual({
      communicator: "nccl",
      text: "by NCCL 2.27.3, each rank on a GPU of its own",
    });
  });

  it("goes through host memory where ranks share a GPU", () => {
    expect(chooseCommunicator([on("GPU-a"), on("GPU-b"), on("GPU-b")])).toEqual({
      communicator: "host",
      text: "through host memory: ranks 1 and 2 share GPU-b",
    });
  });

  it("goes through host memory where a rank is on the CPU", () => {
    expect(chooseCommunicator([on("GPU-a"), null]).text).toBe(
      "through host memory: rank 1 computes on the CPU",
    );
  });

  it("goes through host memory where a rank has no NCCL, and says why", () => {
    const without: NcclFacts = { gpu: "GPU-b", version: null, reason: "it was not found" };
    expect(chooseCommunicator([on("GPU-a"), without])).toEqual({
      communicator: "host",
      text: "through host memory: rank 1 cannot use NCCL: it was not found",
    });
  });

  it("refuses two versions of NCCL with both", () => {
    expect(() => chooseCommunicator([on("GPU-a"), on("GPU-b", "2.28.1")])).toThrow(
      "rank 0 has NCCL 2.27.3, rank 1 has 2.28.1",
    );
  });
});
