import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NativeEngine } from "../../lib/native/types.ts";
import { readyEngine, stepInput, temporaryFolder, tinySpec } from "./tiny-engine.ts";

const folder = temporaryFolder();
const spec = tinySpec();
/** Long enough that a cancel from the same turn of the event loop meets it before its end. */
const LONG = 20_000;
let engine: NativeEngine;

beforeAll(async () => {
  engine = await readyEngine(spec, folder.file("tokens"));
});
afterAll(async () => {
  await engine?.close();
  folder.remove();
});

describe("cancel", () => {
  test("ends the running step and changes nothing", async () => {
    const { lr: _, ...evaluation } = stepInput(spec);
    const before = await engine.evaluate({ ...evaluation, per_token: false });
    const step = engine.step(stepInput(spec, LONG));
    engine.cancel();
    await expect(step).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await engine.evaluate({ ...evaluation, per_token: false })).toEqual(before);
  });

  test("hits the running call only", async () => {
    const running = engine.step(stepInput(spec, LONG));
    const next = engine.step(stepInput(spec));
    engine.cancel();
    await expect(running).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(next).resolves.toMatchObject({ skipped: false });
  });

  test("that comes late does nothing", async () => {
    await engine.step(stepInput(spec));
    engine.cancel();
    await expect(engine.step(stepInput(spec))).resolves.toMatchObject({ skipped: false });
  });

  test("reaches a step that has been running for a while", async () => {
    const step = engine.step(stepInput(spec, LONG));
    await new Promise((resolve) => setImmediate(resolve));
    engine.cancel();
    await expect(step).rejects.toMatchObject({ code: "CANCELLED" });
  });
});
