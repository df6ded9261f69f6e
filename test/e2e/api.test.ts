import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as Package from "../../lib/index.ts";
import { type Project, project, SMALL, tinyConfig } from "./support/project.ts";
import { latest, manifest, metrics, state } from "./support/run-files.ts";

let flm: typeof Package;
const threads = process.env.FLM_THREADS;

beforeAll(async () => {
  process.env.FLM_THREADS = "1";
  // What a user of the package gets, not the sources.
  const built = pathToFileURL(join(import.meta.dirname, "../../dist/index.js")).href;
  flm = (await import(built)) as typeof Package;
});

afterAll(() => {
  if (threads === undefined) delete process.env.FLM_THREADS;
  else process.env.FLM_THREADS = threads;
});

const STEPS = Array.from({ length: 12 }, (_, i) => i + 1);

/** The project's config as the API gives it, with where to train. */
function load({ directory }: Project): { config: Package.Config; out: string } {
  const { config, run_dir } = flm.loadConfig("config.yaml", { cwd: directory });
  return { config, out: run_dir };
}

async function unbroken(): Promise<string> {
  const { config, out } = load(project());
  await flm.train(config, { out });
  return out;
}

it("has types that name nothing of Node's, which a program need not have types of", () => {
  const index = join(import.meta.dirname, "../../dist/index.d.ts");
  const reached = new Map<string, string>();
  const read = (path: string) => {
    if (reached.has(path)) return;
    const text = readFileSync(path, "utf8");
    reached.set(path, text);
    for (const [, to] of text.matchAll(/(?:from |import\()"(\.[^"]+)\.ts"/g))
      read(join(dirname(path), `${to}.d.ts`));
  };
  read(index);
  expect(reached.size).toBeGreaterThan(20);
  const naming = [...reached].filter(([, text]) => /\b(Buffer|NodeJS)\b|"node:/.test(text));
  expect(naming.map(([path]) => path)).toEqual([]);
});

describe("train", () => {
  it("is awaited for its result", async () => {
    const { config, out } = load(project());
    const events: string[] = [];
    const observer = { onEvent: ({ type }: Package.RunEvent) => void events.push(type) };
    expect(await flm.train(config, { out, observer })).toEqual({
      status: "done",
      steps: 12,
      tokens: 12 * 128,
      loss: expect.any(Number),
      validation_loss: expect.any(Number),
      bigram_loss: expect.any(Number),
      tokens_per_second: expect.any(Number),
      checkpoint: latest(out),
      run_dir: out,
    });
    expect(events).toEqual([
      "start",
      "baseline",
      "checkpoint",
      "checkpoint",
      "validation",
      "checkpoint",
      "stage",
      "done",
    ]);
  });

  it("is iterated over for its steps, by several readers, at their own pace", async () => {
    const { config, out } = load(project());
    const run = flm.train(config, { out });
    const read = async () => {
      const steps: number[] = [];
      for await (const { step } of run) steps.push(step);
      return steps;
    };
    const [first, second, result] = await Promise.all([read(), read(), run]);
    expect(first).toEqual(STEPS);
    expect(second).toEqual(STEPS);
    expect(result.status).toBe("done");
  });

  it("takes a plain object, and trains beside another run in the same process", async () => {
    const [one, other] = [project(), project()];
    const plain = ({ path, run }: Project) =>
      flm.train(
        { ...tinyConfig({ data: { sources: [{ path: path("corpus.jsonl") }] } }) },
        { out: run },
      );
    await Promise.all([plain(one), plain(other)]);
    expect(metrics(one.run)).toEqual(metrics(other.run));
  });

  it("commits a checkpoint when it is aborted, then rejects with AbortError, and resumes", async () => {
    const { config, out } = load(project());
    const stop = new AbortController();
    let last = 0;
    const observer = {
      onStep: ({ step }: Package.StepRow) => {
        last = step;
        if (step === 7) stop.abort("enough");
      },
    };
    const run = flm.train(config, { out, signal: stop.signal, observer });
    await expect(run).rejects.toMatchObject({ name: "AbortError", message: /enough/ });
    expect(last).toBe(7);
    expect(manifest(latest(out)).step).toBe(7);

    expect(await flm.train(config, { out })).toMatchObject({ status: "done", steps: 12 });
    const whole = await unbroken();
    expect(state(latest(out))).toEqual(state(latest(whole)));
    expect(metrics(out)).toEqual(metrics(whole));
  });

  it("ends an iteration with the same AbortError", async () => {
    const { config, out } = load(project());
    const stop = new AbortController();
    const steps: number[] = [];
    const iterate = async () => {
      for await (const { step } of flm.train(config, { out, signal: stop.signal })) {
        steps.push(step);
        stop.abort();
      }
    };
    await expect(iterate()).rejects.toMatchObject({ name: "AbortError" });
    expect(manifest(latest(out)).step).toBe(steps.at(-1));
  });

  it("that has ended gives a late reader no rows, but its error", async () => {
    const { config, out } = load(project());
    const run = flm.train(config, { out });
    await run;
    const rows = [];
    for await (const row of run) rows.push(row);
    expect(rows).toEqual([]);

    const failed = flm.train(config, { out: "/dev/null/run" });
    await Promise.allSettled([failed]);
    await expect(async () => {
      for await (const _row of failed);
    }).rejects.toMatchObject({ code: "IO" });
  });

  it("given an aborted signal reads no data", async () => {
    const { config, out } = load(project());
    const run = flm.train(config, { out, signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({ name: "AbortError" });
  });

  it("rejects with an FlmError that has a code, a hint and an exit code", async () => {
    const { config } = load(project());
    const out = "/dev/null/run";
    const run = flm.train(config, { out });
    await expect(run).rejects.toBeInstanceOf(flm.FlmError);
    await expect(run).rejects.toMatchObject({ code: "IO", exitCode: 74 });
    await expect(async () => {
      for await (const _row of flm.train(config, { out }));
    }).rejects.toMatchObject({ code: "IO" });
  });
});

describe("openGeneration", () => {
  it("writes text piece by piece, and all at once", async () => {
    const generation = await flm.openGeneration(await unbroken());
    try {
      const options = { max_tokens: 9, seed: 4 };
      let pieces = "";
      for await (const piece of generation.stream("the ", options)) pieces += piece;
      expect(await generation.text("the ", options)).toBe(pieces);
      expect(generation.warnings).toEqual([]);
    } finally {
      await generation.close();
    }
  });
});

describe("evaluate", () => {
  it("ends where its signal is aborted, whatever the suite", async () => {
    const place = project({
      model: { family: "llama", seq_length: 512 },
      stages: [{ ...SMALL, warmup_steps: 0 }],
    });
    const { config, out } = load(place);
    await flm.train(config, { out });
    const question = JSON.stringify({ question: "?", choices: ["a", "b"], answer: 0 });
    const quiz = place.write("quiz.jsonl", `${question}\n`.repeat(3));
    const text = place.path("corpus.jsonl");
    for (const options of [
      { suite: "iq", limit: 1 },
      { suite: "choice", file: quiz },
      { suite: "perplexity" },
      { suite: "perplexity", file: text, limit: 3 },
    ] as const) {
      const aborted = AbortSignal.abort();
      const scored = flm.evaluate(out, { ...options, signal: aborted });
      const cancelled = { code: "CANCELLED", exitCode: 130, cause: aborted.reason as unknown };
      await expect(scored).rejects.toMatchObject(cancelled);
      // Aborted once the engine is there.
      const { signal } = new AbortController();
      let looks = 0;
      signal.throwIfAborted = () => {
        if (++looks > 1) throw new Error("enough");
      };
      await expect(flm.evaluate(out, { ...options, signal })).rejects.toThrow("enough");
    }
  });

  it("names what weights can be held in", async () => {
    const weights = "fp4" as Package.Weights;
    await expect(flm.evaluate(await unbroken(), { suite: "perplexity", weights })).rejects.toThrow(
      'weights is "fp4"; it must be one of f32, bf16, int8',
    );
  });
});
