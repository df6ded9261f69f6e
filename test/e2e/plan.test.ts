import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { json, succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { project } from "./support/project.ts";

const WITHOUT_ADDON = { FLM_NATIVE: "/dev/null/flm.node" };
const example = fileURLToPath(new URL("../../examples/flm-101b.yaml", import.meta.url));

describe("flm-train plan", () => {
  it("plans a run on 192 GPUs without the addon, and prints one object alone", async () => {
    const { directory } = project();
    const outcome = await succeed(["plan", example, "--json"], {
      cwd: directory,
      env: WITHOUT_ADDON,
    });
    expect(json(outcome)).toMatchObject({ status: "done", stages: [{}, {}, { name: "101b" }] });
    expect(outcome.stderr).toBe("");
  });

  it("calibrates with a run of its own config", async () => {
    const { directory, run } = project();
    await succeed(["config.yaml"], { cwd: directory });
    const args = ["plan", "config.yaml", "--json", "--calibrate", `${run}/metrics.jsonl`];
    const plan = json(await succeed(args, { cwd: directory }));
    const { efficiency } = plan.hardware as { efficiency: number };
    expect(plan.calibration).toMatchObject({ efficiency });
    expect(efficiency).toBeGreaterThan(0);
  });

  it("names a profile that it does not know", async () => {
    const { directory } = project();
    await expectFailure(
      ["plan", "config.yaml", "--set", "hardware.profile=a900"],
      { cwd: directory },
      {
        exit: 64,
        code: "CONFIG_INVALID",
        says: ["hardware.profile a900", "a800-80gb"],
        remedy: /a100-80gb|a800-80gb/,
      },
    );
  });
});
