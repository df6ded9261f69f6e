import { describe, expect, test } from "vitest";
import { fitCommand } from "../../../../lib/cli/commands/fit.ts";
import { printed } from "./printed.ts";
import { grownRun, stepRow, writeRun } from "../../report/runs.ts";

/** A run of one size whose loss is a floor, 20 · N^-0.2 + 1 where none is given, and data · step^-0.3. */
function sizedRun(
  parameters: number,
  { floor = 20 * parameters ** -0.2 + 1, data = 0 } = {},
): string {
  return writeRun({
    config: `name: n${parameters}`,
    metrics: Array.from({ length: 40 }, (_, i) =>
      stepRow(i + 1, {
        loss: floor + data * (i + 1) ** -0.3,
        flops_total: 6 * parameters * 2048 * (i + 1),
      }),
    ),
    events: [{ type: "start", step: 0, device: "a CPU", precision: "f32", parameters }],
  });
}

describe("flm-train fit", () => {
  test("fits a curve over sizes and predicts", async () => {
    const runs = [1e5, 4e5, 1.6e6, 6.4e6].map((size) => sizedRun(size));
    const text = await printed(fitCommand(), ...runs, "--target-parameters", "1e8");
    expect(text).toMatch(/^b -0\.2000 \[/m);
    expect(text).toMatch(/^c 1\.0000 \[/m);
    expect(text).toMatch(/^predicted at 100M parameters: 1\.502/m);
  });

  test("--json has the fit and the prediction", async () => {
    const runs = [1e5, 4e5, 1.6e6].map((size) => sizedRun(size));
    const result = JSON.parse(
      await printed(fitCommand(), ...runs, "--json", "--target-flops", "1e12"),
    );
    expect(result).toMatchObject({ status: "done", axis: "flops", step: 40, chained: [] });
    expect(result.prediction.x).toBe(1e12);
  });

  test("with runs of one size, a run that grew is compared with its chained prediction", async () => {
    const grown = writeRun(grownRun());
    const runs = [1e5, 4e5, 1.6e6].map((size) => sizedRun(size, { data: 3 }));
    const text = await printed(fitCommand(), ...runs, grown);
    expect(text).toContain("chained over its stages");
    expect(text).toMatch(/^L\(N, D\) = .* N\^0\.2000 \+ /m);
    expect(text).toContain("fitted to the runs that did not grow");
  });

  test("with two sizes, a law of each, and why there is no more", async () => {
    const runs = [482_000, 1_620_000].map((size) => sizedRun(size, { data: 3 }));
    const text = await printed(fitCommand(), ...runs, writeRun(grownRun()));
    expect(text).toMatch(/^L\(D\) of 482k = \d\.\d{4} \+ /m);
    expect(text).not.toMatch(/^L\(N, D\)/m);
    expect(text).toContain("two sizes do not tell E, A and alpha of L(N, D)");
    expect(text).toContain("flm-mini is not chained: a stage has 3130000 parameters");
  });

  test("what cannot be fitted is a sentence, in --json too", async () => {
    const runs = [sizedRun(1e6, { floor: 3 }), sizedRun(1.1e6, { floor: 2.97 })];
    runs.push(sizedRun(1.21e6, { floor: 2.98 }));
    const json = await printed(fitCommand(), ...runs, "--json", "--target-flops", "1e12");
    expect(JSON.parse(json)).toMatchObject({
      fit: null,
      prediction: null,
      law: null,
      notes: [
        expect.stringContaining("the losses do not follow one, because they level off at once"),
        expect.stringContaining("no law L(N, D)"),
      ],
    });
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
