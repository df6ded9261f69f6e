import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type Budgets,
  checkKernels,
  makeBudgets,
  readReport,
} from "../../scripts/check-kernels.mjs";

/** What nvcc 13.0 printed about five kernels, one of which spills on sm_100, within a build's other lines. */
const LOG = readFileSync(join(import.meta.dirname, "nvcc-report.txt"), "utf8");

const budget = (registers: number, shared_bytes = 0, spill_bytes = 0) => ({
  registers,
  shared_bytes,
  stack_bytes: spill_bytes / 2,
  spill_bytes,
});

describe("readReport", () => {
  it("finds every kernel on every architecture by its plain name", () => {
    expect(readReport(LOG)).toEqual(EXPECTED);
  });

  it("finds none in a log without a report", () => {
    expect(readReport("[1/2] Building CUDA object gelu.cu.o\n")).toEqual({});
  });
});
