import { describe, expect, it } from "vitest";
import { countTests, readClosingLine } from "../../scripts/support/totals.mjs";

const script = (code: string) => countTests(process.execPath, ["-e", code]);

describe("readClosingLine", () => {
  it("reads the last line alone", () => {
    expect(readClosingLine("1 passed, 1 failed\nok\n12 passed, 3 failed\n")).toEqual({
      passed: 12,
      failed: 3,
    });
  });

  it.each(["", "12 passed, 3 failed\nmore", "12 passed, 3 failed, 1 skipped"])(
    "is not satisfied with %j",
    (output) => {
      expect(readClosingLine(output)).toBeNull();
    },
  );
});

describe("countTests", () => {
  it("believes a closing line that agrees with the exit status", async () => {
    expect(await script(`console.log("4 passed, 0 failed")`)).toEqual({ passed: 4, failed: 0 });
    const failing = `console.log("4 passed, 2 failed"); process.exitCode = 1`;
    expect(await script(failing)).toEqual({ passed: 4, failed: 2 });
  });

  it("counts a crash, a missing closing line and a missing program as one failure", async () => {
    expect(await script(`process.kill(process.pid, "SIGSEGV")`)).toEqual({ passed: 0, failed: 1 });
    expect(await script(`console.log("fine")`)).toEqual({ passed: 0, failed: 1 });
    const late = `console.log("4 passed, 0 failed"); process.exitCode = 3`;
    expect(await script(late)).toEqual({ passed: 4, failed: 1 });
    expect(await countTests("/no/such/program", [])).toEqual({ passed: 0, failed: 1 });
  });
});
