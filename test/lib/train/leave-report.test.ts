import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { leaveReport } from "../../../lib/train/leave-report.ts";
import { grownRun, writeRun } from "../report/runs.ts";

test("a run's end leaves a report", async () => {
  const warn = vi.fn();
  const directory = writeRun(grownRun());
  await leaveReport(directory, warn);
  expect(existsSync(join(directory, "report.html"))).toBe(true);
  expect(warn).not.toHaveBeenCalled();
});

test("a report that cannot be written is a warning", async () => {
  const warn = vi.fn();
  const directory = writeRun(grownRun());
  mkdirSync(join(directory, "report.html"));
  await leaveReport(directory, warn);
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("no report.html: cannot"));
});
