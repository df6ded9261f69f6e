import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkKernels, makeBudgets, readReport } from "../../scripts/check-kernels.mjs";

/** What nvcc 13.0 said of three kernels, one of which spills on sm_100, between other lines of the build. */
const LOG = readFileSync(join(import.meta.dirname, "nvcc-report.txt"), "utf8");

const uses = (registers: number, shared_bytes = 0, stack_bytes = 0, spill_bytes = 0) => ({
  registers,
  shared_bytes,
  stack_bytes,
  spill_bytes,
});
const ADAMW = "adamw_kernel<float, bf16>";
const KEYS = "attention_bwd_key_kernel<128>";
const REPORT = {
  [ADAMW]: { sm_80: uses(54), sm_90a: uses(55) },
  sum_kernel: { sm_90a: uses(16, 256) },
  [KEYS]: { sm_100: uses(255, 512, 16, 24) },
};

describe("readReport", () => {
  it("finds every kernel on every architecture by its plain name", () => {
    expect(readReport(LOG)).toEqual(REPORT);
  });

  it("leaves functions that were not inlined out of a kernel's numbers", () => {
    const helper = `ptxas info    : Function properties for _Z6helperv
    64 bytes stack frame, 8 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 54`;
    expect(readReport(LOG.replace("ptxas info    : Used 54", helper))).toEqual(REPORT);
  });

  it("finds nothing in a log without a report", () => {
    expect(readReport("[1/2] Building CUDA object gelu.cu.o\n")).toEqual({});
  });
});

describe("checkKernels", () => {
  const kernel = (used: ReturnType<typeof uses>) => ({ sum_kernel: { sm_90a: used } });
  const within = kernel(uses(16, 256));

  it("is content within the budgets, and with architectures that were not built", () => {
    expect(checkKernels(REPORT, REPORT)).toEqual([]);
    expect(checkKernels(kernel(uses(15, 128)), within)).toEqual([]);
    expect(checkKernels(within, { sum_kernel: { ...within.sum_kernel, sm_80: uses(9) } })).toEqual(
      [],
    );
  });

  it.each([
    ["registers", uses(17, 256), "sum_kernel on sm_90a takes 17 registers, its budget has 16"],
    [
      "shared memory",
      uses(16, 512),
      "sum_kernel on sm_90a takes 512 shared_bytes, its budget has 256",
    ],
    ["stack", uses(16, 256, 8), "sum_kernel on sm_90a takes 8 stack_bytes, its budget has 0"],
    ["spills", uses(16, 256, 0, 4), "sum_kernel on sm_90a spills 4 bytes, its budget has 0"],
  ])("names a kernel that is above its budget in %s", (_, used, problem) => {
    expect(checkKernels(kernel(used), within)).toEqual([problem]);
  });

  it("names a kernel without a budget, and a budget without a kernel", () => {
    expect(checkKernels(within, {})).toEqual(["sum_kernel on sm_90a has no budget"]);
    const gone = { ...within, old_kernel: { sm_90a: uses(1) } };
    expect(checkKernels(within, gone)).toEqual([
      "old_kernel on sm_90a has a budget, but the log does not compile it",
    ]);
  });
});

describe("makeBudgets", () => {
  it("takes what was built, keeps what was not, and drops kernels that are gone", () => {
    const before = {
      sum_kernel: { sm_80: uses(9), sm_90a: uses(99) },
      old_kernel: { sm_80: uses(1) },
    };
    const report = { sum_kernel: { sm_90a: uses(16, 256) } };
    expect(makeBudgets(report, before)).toEqual({
      sum_kernel: { sm_80: uses(9), sm_90a: uses(16, 256) },
    });
  });

  it("never allows a spill that was not allowed before", () => {
    const report = { [KEYS]: REPORT[KEYS] };
    const first = makeBudgets(report, {});
    expect(first).toEqual({ [KEYS]: { sm_100: uses(255, 512, 16, 0) } });
    expect(checkKernels(report, first)).toHaveLength(1);
    expect(makeBudgets(report, report)).toEqual(report);
  });
});
