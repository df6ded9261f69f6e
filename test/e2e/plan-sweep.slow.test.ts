import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { json, succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { project, SMALL } from "./support/project.ts";

const MUP = { base_hidden_size: 32, input_mult: 1, output_mult: 1 };
const changes = {
  model: { family: "llama", seq_length: 32, mup: MUP },
  stages: [{ ...SMALL, hidden_size: 64, num_attention_heads: 4 }],
} as const;

describe("flm-train sweep", () => {
  it("trains proxies, writes the chosen config, and goes on where it was", async () => {
    const { directory, path } = project({ ...changes, stages: [...changes.stages] });
    const sweep = async (rates: string) =>
      json(
        await succeed(["sweep", "config.yaml", "--json", "--jobs", "2", "--lr", rates], {
          cwd: directory,
        }),
      );
    const first = await sweep("1e-3,4e-3");
    expect(first).toMatchObject({ status: "done", results: [{ lr: 1e-3 }, { lr: 4e-3 }] });
    const { best } = first as { best: { lr: number; loss: number } };
    expect(best.loss).toBeGreaterThan(0);
    expect(first.edges).toEqual(["lr"]);
    expect(readFileSync(String(first.chosen), "utf8")).toContain("hidden_size: 64");
    expect(existsSync(String(first.plot))).toBe(true);

    // Without their runs, finished points can only come from what was saved.
    const runs = path("runs/tiny-sweep");
    rmSync(join(runs, "lr-0.001_std-0.02_mult-1"), { recursive: true });
    const second = await sweep("1e-3,4e-3,8e-3");
    expect((second.results as unknown[]).slice(0, 2)).toEqual(first.results);
    expect(second.results).toHaveLength(3);
    expect(existsSync(join(runs, "lr-0.001_std-0.02_mult-1"))).toBe(false);
  });

  it("is refused without muP", async () => {
    const { directory } = project();
    await expectFailure(
      ["sweep", "config.yaml"],
      { cwd: directory },
      {
        exit: 64,
        code: "CONFIG_INVALID",
        says: ["model.mup is null"],
        remedy: "base_hidden_size",
      },
    );
  });

  it("has no grid's options for a coordinate check", async () => {
    const { directory } = project();
    await expectFailure(
      ["sweep", "config.yaml", "--coordinate-check", "--jobs", "2"],
      { cwd: directory },
      { exit: 64, code: "USAGE", says: ["--coordinate-check"], remedy: "cannot be used with" },
    );
  });
});
