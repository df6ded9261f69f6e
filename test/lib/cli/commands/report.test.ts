import { afterEach, expect, test, vi } from "vitest";
import { reportCommand } from "../../../../lib/cli/commands/report.ts";
import { grownRun, writeRun } from "../../report/runs.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

async function printed(...args: string[]): Promise<string> {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((part) => {
    text += String(part);
    return true;
  });
  await reportCommand().parseAsync(args, { from: "user" });
  return text;
}

test("prints where the report is", async () => {
  const directory = writeRun(grownRun());
  expect(await printed(directory)).toBe(`${directory}/report.html\n`);
});

test("--json prints one object with the runs' numbers", async () => {
  const directory = writeRun(grownRun());
  expect(
    JSON.parse(await printed(directory, "--json", "--out", `${directory}/x.html`)),
  ).toMatchObject({
    status: "done",
    report: `${directory}/x.html`,
    runs: [{ name: "flm-mini", status: "done", bigram_loss: 2.47 }],
  });
});
