import { describe, expect, test } from "vitest";
import { fitCommand } from "../../../../lib/cli/commands/fit.ts";
import { printed } from "./printed.ts";
import { grownRun, stepRow, writeRun } from "../../report/runs.ts";

/** A run of one size whose loss at the end follows 20 · N^-0.2 + 1. */
function sizedRun(parameters: number): string {
  const loss = 20 * parameters ** -0.2 + 1;
  return writeRun({
    config: `name: n${parameters}`,
    metrics: Array.from({ length: 40 }, (_, i) =>
      stepRow(i + 1, { loss, flops_total: 6 * parameters * 2048 * (i + 1) }),
    ),
    events: [{ type: "start", step: 0, device: "a CPU", precision: "f32", parameters }],
  });
}

describe("flm-train fit", () => {
  test("fits a curve over sizes and predicts", async () => {
    const runs = [1e5, 4e5, 1.6e6, 6.4e6].map(sizedRun);
    const text = await printed(fitCommand(), ...runs, "--target-parameters", "1e8");
    expect(text).toMatch(/^b -0\.2000 \[/m);
    expect(text).toMatch(/^c 1\.0000 \[/m);
    expect(text).toMatch(/^predicted at 100M parameters: 1\.502/m);
  });

  test("--json has the fit and the prediction", async () => {
    const runs = [1e5, 4e5, 1.6e6].map(sizedRun);
    const result = JSON.parse(
      await printed(fitCommand(), ...runs, "--json", "--target-flops", "1e12"),
    );
    expect(result).toMatchObject({ status: "done", axis: "flops", step: 40, chained: [] });
    expect(result.prediction.x).toBe(1e12);
  });

  test("with runs of one size, a run that grew is compared with its chained prediction", async () => {
    const grown = writeRun(grownRun());
    const text = await printed(fitCommand(), ...[1e5, 4e5, 1.6e6].map(sizedRun), grown);
    expect(text).toContain("chained over its stages");
    expect(text).toContain("fitted to the runs that did not grow");
  });

  test("asks for one target", async () => {
    const run = sizedRun(1e5);
    await expect(
      printed(fitCommand(), run, "--target-flops", "1e9", "--target-parameters", "1e9"),
    ).rejects.toMatchObject({ code: "USAGE" });
  });

  test("a run that does not say its size is named", async () => {
    const run = writeRun({ metrics: [stepRow(1)], events: [] });
    await expect(printed(fitCommand(), run)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(run),
    });
  });
});
