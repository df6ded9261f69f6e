import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeSavePlan } from "../../lib/native/encode.ts";
import { createEngine } from "../../lib/native/engine.ts";
import { loadNative } from "../../lib/native/load.ts";
import type { GenerateInput, NativeEngine } from "../../lib/native/types.ts";
import { readyEngine, stepInput, temporaryFolder, tinySpec } from "./tiny-engine.ts";

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

function greedy(lanes: number, rows: GenerateInput["rows"], max_tokens: number): GenerateInput {
  const sampling = { temperature: 0, top_k: 0, top_p: 1, repetition_penalty: 1 };
  const { vocab_size } = spec.shape;
  return { lanes, rows, max_tokens, ...sampling, stop_tokens: new Int32Array(), vocab_size };
}

describe("an engine behind the binding", () => {
  test("names its device, memory and tensors", () => {
    expect(engine.device).toMatchObject({ kind: "cpu", index: 0 });
    expect(engine.device.total_bytes).toBeGreaterThan(loadNative().freeBytes("cpu", 0));
    expect(engine.memory_bytes).toBeGreaterThan(0);
    expect(engine.tensors().map(({ name, rows, cols }) => ({ name, rows, cols }))).toEqual(
      spec.parameters.map(({ name, rows, cols }) => ({ name, rows, cols })),
    );
    expect(engine.tensors()[0]).toMatchObject({ master_dtype: "f32", state_dtype: "f32" });
  });

  test("learns", async () => {
    const first = await engine.step(stepInput(spec));
    expect(first).toMatchObject({ targets: 32, skipped: false });
    expect(first.loss).toBeGreaterThan(2);
    expect(first.grad_norm).toBeGreaterThan(0);
    let last = first;
    for (let i = 0; i < 30; i++) last = await engine.step(stepInput(spec));
    expect(last.loss).toBeLessThan(first.loss / 2);
  });

  test("evaluates, with the loss of each token where it is asked for", async () => {
    const { lr: _, ...input } = stepInput(spec);
    const plain = await engine.evaluate({ ...input, per_token: false });
    expect(plain.token_losses).toBeNull();
    const detailed = await engine.evaluate({ ...input, per_token: true });
    expect(detailed.targets).toBe(32);
    expect(detailed.token_losses).toHaveLength(32);
    const sum = detailed.token_losses!.reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(plain.loss_sum, 3);
  });

  test("generates greedily what it learned, and the same again", async () => {
    const input = greedy(1, [{ lane: 0, prompt: Int32Array.of(0, 2, 4, 1), seed: 1 }], 4);
    const report = await engine.generate(input);
    expect(report).toMatchObject([{ stopped: false, full: false }]);
    expect([...report[0]!.tokens]).toEqual([3, 0, 2, 4]);
    expect(await engine.generate(input)).toEqual(report);
  });

  test("refuses rows that contradict the cache", async () => {
    const row = { lane: 0, prompt: Int32Array.of(1), seed: 1 };
    const refusal = (rows: GenerateInput["rows"]) =>
      engine.generate(greedy(2, rows, 1)).catch((error: Error) => error.message);
    expect(await refusal([{ ...row, lane: 2 }])).toMatch("lane 2 is outside the 2");
    expect(await refusal([row, row])).toMatch("two rows name lane 0");
    expect(await refusal([{ ...row, lane: 1, prompt: new Int32Array() }])).toMatch(
      "nothing to continue",
    );
  });

  test("refuses to write tokens that the model has no rows for", async () => {
    const rows = [{ lane: 0, prompt: Int32Array.of(1), seed: 1 }];
    const input = { ...greedy(1, rows, 1), vocab_size: 65 };
    await expect(engine.generate(input)).rejects.toThrow("vocab_size 65 of the tokens");
  });

  test("saves its tensors with size and hash", async () => {
    const path = folder.file("shard");
    const items = [{ tensor: "final_norm.gain", kind: "master" as const }];
    const header = Uint8Array.of(7, 7, 7);
    const saved = await engine.save(
      encodeSavePlan({ files: [{ path, header, items, writer: 0 }] }),
    );
    expect(saved).toEqual([
      { path, size: 3 + 4 * 32, xxh64: expect.stringMatching(/^[0-9a-f]{16}$/) },
    ]);
    expect(readFileSync(path)).toHaveLength(3 + 4 * 32);
    const { size, xxh64 } = saved[0]!;
    expect(await loadNative().hashFile(path)).toEqual({ size, xxh64 });
  });

  test("saves what it was, whatever it does before the files are written", async () => {
    const plan = (name: string) => {
      const items = [{ tensor: "final_norm.gain", kind: "master" as const }];
      const file = { path: folder.file(name), header: Uint8Array.of(7), items, writer: 0 };
      return encodeSavePlan({ files: [file] });
    };
    await engine.save(plan("before"));
    const saving = engine.saveBehind(plan("behind"));
    await engine.step(stepInput(spec));
    expect(await saving).toMatchObject([{ path: folder.file("behind"), size: 1 + 4 * 32 }]);
    await engine.save(plan("after"));
    const [before, behind, after] = ["before", "behind", "after"].map((name) =>
      readFileSync(folder.file(name), "hex"),
    );
    expect(behind).toBe(before);
    expect(behind).not.toBe(after);
  });

  test("traces the time of each op while tracing is on", async () => {
    expect(await engine.trace(true)).toEqual([]);
    await engine.step(stepInput(spec));
    const rows = await engine.trace(false);
    const matmul = rows.find(({ op }) => op === "matmul");
    expect(matmul?.calls).toBeGreaterThan(0);
    expect(matmul?.seconds).toBeGreaterThan(0);
    await engine.step(stepInput(spec));
    expect(await engine.trace(false)).toEqual([]);
  });

  test("works beside a second engine, with equal results", async () => {
    const two = await Promise.all(["a", "b"].map((name) => readyEngine(spec, folder.file(name))));
    const losses = await Promise.all(
      two.map(async (each) => {
        const reports = [await each.step(stepInput(spec)), await each.step(stepInput(spec))];
        return reports.map(({ loss, grad_norm }) => ({ loss, grad_norm }));
      }),
    );
    expect(losses[0]).toEqual(losses[1]);
    await Promise.all(two.map((each) => each.close()));
  });

  test("runs calls in the order in which they were made", async () => {
    const order: number[] = [];
    await Promise.all(
      [0, 1, 2, 3].map(async (i) => {
        await engine.step(stepInput(spec));
        order.push(i);
      }),
    );
    expect(order).toEqual([0, 1, 2, 3]);
  });
});

describe("a closed engine", () => {
  test("refuses every call, and closing again is fine", async () => {
    const closed = await createEngine(spec);
    await closed.close();
    await closed.close();
    expect(closed.memory_bytes).toBe(0);
    expect(closed.device.kind).toBe("cpu");
    const refusal = { code: "INVALID_ARGUMENT", message: "the engine has been closed" };
    await expect(closed.step(stepInput(spec))).rejects.toMatchObject(refusal);
    await expect(closed.trace(true)).rejects.toMatchObject(refusal);
    expect(() => closed.tensors()).toThrow("the engine has been closed");
    closed.cancel();
  });

  test("breaks the promises of the calls that were waiting", async () => {
    const busy = await readyEngine(spec, folder.file("busy"));
    const steps = [1, 2, 3].map(() => busy.step(stepInput(spec, 50)));
    const outcomes = Promise.allSettled(steps);
    await busy.close();
    expect((await outcomes)[2]).toMatchObject({
      status: "rejected",
      reason: { code: "CANCELLED" },
    });
  });
});

describe("devices", () => {
  test("lists the CPU first and says why there is no GPU, if so", () => {
    const { devices, no_cuda_reason } = loadNative().devices();
    expect(devices[0]).toMatchObject({ kind: "cpu", index: 0, name: expect.any(String) });
    expect(devices.some(({ kind }) => kind === "cuda")).toBe(no_cuda_reason === null);
  });
});
