import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { planCommand } from "../../../../lib/cli/commands/plan.ts";
import { printed } from "./printed.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const example = fileURLToPath(new URL("../../../../examples/flm-101b.yaml", import.meta.url));

describe("flm-train plan", () => {
  test("--json has the promised keys", async () => {
    const plan = JSON.parse(await printed(planCommand(), example, "--json"));
    expect(plan.status).toBe("done");
    for (const stage of plan.stages)
      expect(stage).toMatchObject({
        name: expect.any(String),
        parameters: expect.any(Number),
        flops: expect.any(Number),
        flops_rule: "narayanan-72",
        model_flops: expect.any(Number),
        tflops_per_gpu: expect.any(Number),
        step_seconds: expect.any(Number),
        days: expect.any(Number),
        memory_bytes_per_device: expect.any(Number),
      });
    expect(plan.total).toMatchObject({
      flops: expect.any(Number),
      days: expect.any(Number),
      gpu_hours: expect.any(Number),
      cost_usd: expect.any(Number),
    });
  });

  test("the text has the factors, every stage, the growth and what it is compared with", async () => {
    const text = await printed(planCommand(), example);
    expect(text).toContain("efficiency 0.846, availability 0.908");
    for (const name of ["16b", "51b", "101b"]) expect(text).toMatch(new RegExp(`^${name} `, "m"));
    expect(text).toContain("num_layers 62 → 80");
    expect(text).toContain("equal tokens, which need not mean equal loss");
    expect(text).not.toContain("Fastest layouts");
  });

  test("--set changes it, --devices searches", async () => {
    const text = await printed(
      planCommand(),
      example,
      "--set",
      "hardware.efficiency=1",
      "--devices",
      "1024",
    );
    expect(text).toContain("efficiency 1, availability 0.908");
    expect(text).toContain("layouts of 101b on 1024 devices");
  });

  test("--calibrate takes metrics alone to be of the planned config", async () => {
    const metrics = join(temporaryDirectory(), "metrics.jsonl");
    const row = (step: number) => ({ step, stage: 2, tokens: step, ramp: 1, step_ms: 100_000 });
    const lines = Array.from({ length: 8 }, (_, i) => JSON.stringify(row(i + 1)));
    writeFileSync(metrics, lines.join("\n"));
    const text = await printed(planCommand(), example, "--calibrate", metrics);
    expect(text).toMatch(/Calibrated: efficiency 0\.724\n.*\n101b +100 s +\+0\.0 %/);
    expect(await printed(planCommand(), example, "--calibrate", dirname(metrics))).toBe(text);
  });

  test("--calibrate names a file that is not there", async () => {
    await expect(
      printed(planCommand(), example, "--calibrate", "no/metrics.jsonl"),
    ).rejects.toMatchObject({
      code: "IO",
    });
  });
});
