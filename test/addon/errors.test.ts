import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FlmError } from "../../lib/errors.ts";
import { encodeEngineSpec, encodeLoadPlan, encodeSavePlan } from "../../lib/native/encode.ts";
import { createEngine } from "../../lib/native/engine.ts";
import { loadNative } from "../../lib/native/load.ts";
import type { NativeEngine, StepInput } from "../../lib/native/types.ts";
import { freshWeights, readyEngine, stepInput, temporaryFolder, tinySpec } from "./tiny-engine.ts";

const folder = temporaryFolder();
const spec = tinySpec();
let engine: NativeEngine;

beforeAll(async () => {
  engine = await readyEngine(spec, folder.file("tokens"));
});
afterAll(async () => {
  await engine?.close();
  folder.remove();
});

async function failureOf(work: Promise<unknown>): Promise<FlmError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FlmError);
  return error as FlmError;
}

describe("errors of the addon", () => {
  test("are FlmErrors with the stack of the caller", async () => {
    const error = await failureOf(engine.openTokenFiles(["/no/such/tokens"]));
    expect(error.code).toBe("IO");
    expect(error.message).toBe("cannot open /no/such/tokens: No such file or directory");
    expect(error.stack).toMatch(/^FlmError: cannot open /);
    expect(error.stack).toContain("errors.test.ts");
  });

  test("name the place where a plan is damaged", async () => {
    const bytes = encodeLoadPlan(freshWeights(spec));
    const error = await failureOf(engine.load(bytes.subarray(0, 30)));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toMatch(/^load plan, byte \d+ \(.*\): /);
    await failureOf(engine.load(encodeSavePlan({ files: [] })));
  });

  test("come from a spec that contradicts itself", async () => {
    const parameters = spec.parameters.slice(1);
    const error = await failureOf(createEngine({ ...spec, parameters }));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect((await failureOf(createEngine({ ...spec, precision: "f64" }))).code).toBe(
      "NOT_SUPPORTED",
    );
    expect((await failureOf(createEngine({ ...spec, num_threads: -1 }))).message).toContain(
      "num_threads",
    );
  });

  test("come from data that does not fit the model", async () => {
    const small = tinySpec({}, { vocab_size: 3 });
    const other = await readyEngine(small, folder.file("small"));
    const error = await failureOf(other.step(stepInput(small)));
    expect(error.code).toBe("DATA_INVALID");
    expect(error.message).toContain("vocab_size 3");
    expect(error.hint).toContain("delete the directory of that token file");
    await other.close();
  });

  test("leave the engine usable", async () => {
    await failureOf(engine.step({ ...stepInput(spec), num_micro_batches: 0 }));
    await expect(engine.step(stepInput(spec))).resolves.toMatchObject({ skipped: false });
  });

  test("name the path when a file cannot be written", async () => {
    const path = "/no/such/folder/shard";
    const plan = encodeSavePlan({
      files: [{ path, header: new Uint8Array(), items: [], writer: 0 }],
    });
    const error = await failureOf(engine.save(plan));
    expect(error).toMatchObject({ code: "IO" });
    expect(error.message).toBe(`cannot create ${path}: No such file or directory`);
  });

  test("tell a token file from other files", async () => {
    writeFileSync(folder.file("text"), "x".repeat(100));
    const error = await failureOf(engine.openTokenFiles([folder.file("text")]));
    expect(error).toMatchObject({ code: "DATA_INVALID" });
    expect(error.message).toContain("does not begin with FLMTOK1");
  });
});

describe("mistyped input", () => {
  const cases: [field: string, change: object, message: string][] = [
    ["lr", { lr: "fast" }, "step input.lr must be a number, not a string"],
    ["pieces", { pieces: [1, 2] }, "step input.pieces must be a Float64Array, not another object"],
    ["pieces", { pieces: new Float64Array(4) }, "has 4 numbers"],
    ["pieces", { pieces: Float64Array.of(0, 0, 0.5, 1, 3) }, "must be an integer, not 0.5"],
    ["ramp", { ramp: { hidden: 1, ffn: 1, heads: 1 } }, "step input.ramp.layers must be a number"],
    ["num_micro_batches", { num_micro_batches: undefined }, "not undefined"],
  ];
  test.each(cases)("in %s is refused with its path", async (_field, change, message) => {
    const input = { ...stepInput(spec), ...change } as unknown as StepInput;
    const error = await failureOf(engine.step(input));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toContain(message);
  });

  test("on the raw binding rejects or throws, and never ends the process", async () => {
    const binding = loadNative() as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const bad of [undefined, null, 7, "x", {}, [], new Float32Array(3), Symbol("s")]) {
      await failureOf(binding.createEngine!(bad) as Promise<unknown>);
      if (bad !== "x") await failureOf(binding.hashFile!(bad) as Promise<unknown>);
      expect(() => binding.createBpeTrainer!(bad)).toThrow(FlmError);
      expect(() => binding.createBpeEncoder!(bad, "gpt2")).toThrow(FlmError);
      if (typeof bad !== "function") expect(() => binding.setErrorClass!(bad)).toThrow(FlmError);
    }
  });

  test("on a borrowed method is refused", async () => {
    const raw = await loadNative().createEngine(encodeEngineSpec(spec), null);
    const { step } = raw;
    expect(() => step.call({} as NativeEngine, stepInput(spec))).toThrow();
    const unmade = new (raw.constructor as new () => NativeEngine)();
    await expect(unmade.step(stepInput(spec))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await raw.close();
  });
});
