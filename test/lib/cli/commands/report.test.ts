import { expect, test } from "vitest";
import { reportCommand } from "../../../../lib/cli/commands/report.ts";
import { printed } from "./printed.ts";
import { grownRun, writeRun } from "../../report/runs.ts";

test("prints where the report is", async () => {
  const directory = writeRun(grownRun());
  expect(await printed(reportCommand(), directory)).toBe(`${directory}/report.html\n`);
});

test("--json prints one object with the runs' numbers", async () => {
  const directory = writeRun(grownRun());
  expect(
    JSON.parse(await printed(reportCommand(), directory, "--json", "--out", `${directory}/x.html`)),
  ).toMatchObject({
    status: "done",
    report: `${directory}/x.html`,
    runs: [{ name: "flm-mini", status: "done", bigram_loss: 2.47 }],
  });
});
