import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ChildOutcome } from "../../../../lib/cli/sweep/child.ts";
import { sweepOutcome, sweepText } from "../../../../lib/cli/sweep/report.ts";
import { runPoint, savedResult, writePoint } from "../../../../lib/cli/sweep/run-point.ts";
import { runSweep } from "../../../../lib/cli/sweep/run-sweep.ts";
import { loadConfig } from "../../../../lib/config/load.ts";
import { resolveConfig } from "../../../../lib/config/resolve.ts";
import { FlmError } from "../../../../lib/errors.ts";
import { gridPoints, sweepGrid, type SweepPoint } from "../../../../lib/scaling/sweep.ts";
import { failure, rejection } from "../../failure.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const config = resolveConfig({
  name: "large",
  model: {
    seq_length: 64,
    vocab_size: 300,
    mup: { base_hidden_size: 64, input_mult: 1, output_mult: 1 },
  },
  data: { sources: [{ path: "text.txt" }] },
  stages: [{ num_layers: 2, hidden_size: 64, num_attention_heads: 2, tokens: "64k" }],
});
const grid = sweepGrid(config, { lr: [1e-3, 2e-3, 4e-3], init_std: [0.01, 0.02] });
const points = gridPoints(grid);
const [first] = points as [SweepPoint, ...SweepPoint[]];

describe("runSweep", () => {
  test("runs as many at once as there are slots, and returns results in order", async () => {
    const inWork = new Set<number>();
    let most = 0;
    const results = await runSweep(points, {
      jobs: 2,
      run: async (point, slot) => {
        expect(inWork.has(slot)).toBe(false);
        inWork.add(slot);
        most = Math.max(most, inWork.size);
        await Promise.resolve();
        inWork.delete(slot);
        return { ...point, loss: point.lr };
      },
    });
    expect(most).toBe(2);
    expect(results.map(({ lr, init_std }) => [lr, init_std])).toEqual(
      points.map(({ lr, init_std }) => [lr, init_std]),
    );
  });

  test("begins nothing after an interruption, and keeps what is done", async () => {
    let begun = 0;
    const results = await runSweep(points, {
      jobs: 1,
      run: async (point) => (++begun === 3 ? null : { ...point, loss: 1 }),
    });
    expect(begun).toBe(3);
    expect(results).toHaveLength(2);
  });

  test("begins nothing after a failure, and waits for those in work", async () => {
    const ended: SweepPoint[] = [];
    const error = await rejection(
      runSweep(points, {
        jobs: 2,
        run: async (point, slot) => {
          if (slot === 0) throw new FlmError("IO", "the disk is gone");
          await new Promise(setImmediate);
          ended.push(point);
          return { ...point, loss: 1 };
        },
      }),
    );
    expect(error.message).toBe("the disk is gone");
    expect(ended).toEqual([points[1]]);
  });
});

describe("runPoint", () => {
  const ends = (exit_code: number, result: object) => async (): Promise<ChildOutcome> => ({
    exit_code,
    stdout: `${JSON.stringify(result)}\n`,
    signal: null,
  });

  test("trains the point's config into its directory, and saves the validation loss", async () => {
    const directory = temporaryDirectory();
    const path = writePoint(directory, first, config);
    let called: readonly string[] = [];
    const result = await runPoint(directory, first, { FLM_THREADS: "1" }, async (args, env) => {
      called = args;
      expect(env).toEqual({ FLM_THREADS: "1" });
      return ends(0, { loss: 3, validation_loss: 2.5 })();
    });
    expect(called).toEqual(["train", path, "--json", "--out", path.replace(/\.yaml$/, "")]);
    expect(result).toEqual({ ...first, loss: 2.5 });
    expect(savedResult(directory, first)).toEqual(result);
  });

  test("divergence is a result", async () => {
    const directory = temporaryDirectory();
    const result = await runPoint(directory, first, {}, ends(70, { status: "error" }));
    expect(result).toEqual({ ...first, loss: null });
    expect(savedResult(directory, first)).toEqual(result);
  });

  test.each([130, 75])(
    "an interruption (exit %d) saves nothing, so that it goes on",
    async (code) => {
      const directory = temporaryDirectory();
      expect(await runPoint(directory, first, {}, ends(code, {}))).toBeNull();
      expect(savedResult(directory, first)).toBeNull();
    },
  );

  test("another failure has the run's code, message and hint", async () => {
    const said = { code: "OUT_OF_MEMORY", message: "too large", hint: "make it smaller" };
    const error = await rejection(runPoint(temporaryDirectory(), first, {}, ends(64, said)));
    expect(error).toMatchObject({ code: "OUT_OF_MEMORY", hint: "make it smaller" });
    expect(error.message).toContain("too large");
    const silent = async () => ({ exit_code: 1, stdout: "", signal: null });
    expect((await rejection(runPoint(temporaryDirectory(), first, {}, silent))).code).toBe(
      "INTERNAL",
    );
  });

  test("a run that the system ended is named, and is no interruption", async () => {
    const killed = async () => ({ exit_code: 71, stdout: "", signal: "SIGKILL" as const });
    const error = await rejection(runPoint(temporaryDirectory(), first, {}, killed));
    expect(error.message).toContain("SIGKILL");
    expect(error.hint).toContain("--jobs");
  });

  test("a result that a crash has cut off is none", () => {
    const directory = temporaryDirectory();
    const path = writePoint(directory, first, config).replace(/\.yaml$/, ".result.json");
    writeFileSync(path, '{"lo');
    expect(savedResult(directory, first)).toBeNull();
  });

  test("what cannot be written is an error of the file system", () => {
    const directory = join(temporaryDirectory(), "none");
    expect(failure(() => writePoint(directory, first, config)).code).toBe("IO");
  });

  test("a directory of another sweep is refused", () => {
    const directory = temporaryDirectory();
    writePoint(directory, first, config);
    writePoint(directory, first, config);
    expect(failure(() => writePoint(directory, first, { ...config, seed: 2 })).code).toBe(
      "CONFIG_CHANGED",
    );
  });
});

describe("the outcome", () => {
  const results = points.map((point) => ({
    ...point,
    loss: point.lr === 4e-3 ? null : 3 - 100 * point.lr + point.init_std,
  }));

  test("has the best, a plot and a config that loads", () => {
    const directory = temporaryDirectory();
    const outcome = sweepOutcome(config, grid, results, directory);
    expect(outcome).toMatchObject({
      status: "done",
      best: { lr: 2e-3, init_std: 0.01 },
      edges: ["init_std"],
    });
    const plot = readFileSync(outcome.plot!, "utf8");
    expect(plot.match(/<polyline/g)).toHaveLength(2);
    expect(plot).not.toContain("NaN");
    const chosen = loadConfig(join(directory, "chosen.yaml")).config;
    expect(chosen.optimizer.lr).toBe(2e-3);
    expect(chosen.model.init_std).toBe(0.01);
    const text = sweepText(outcome, grid);
    expect(text).toMatch(/^0\.002 +\*2\.8100 +2\.8200$/m);
    expect(text).toMatch(/^0\.004 +diverged +diverged$/m);
    expect(text).toContain("at the edge of the grid: init_std");
  });

  test("without any loss says so, and writes nothing", () => {
    const diverged = results.map((result) => ({ ...result, loss: null }));
    const outcome = sweepOutcome(config, grid, diverged, temporaryDirectory());
    expect(outcome).toMatchObject({ status: "done", best: null, chosen: null, plot: null });
    expect(sweepText(outcome, grid)).toContain("every run diverged");
  });

  test("an interrupted sweep shows what there is", () => {
    const outcome = sweepOutcome(config, grid, results.slice(0, 2), temporaryDirectory());
    expect(outcome.status).toBe("interrupted");
    expect(sweepText(outcome, grid)).toMatch(/not run.*\n[^]*the same command goes on/);
  });
});
