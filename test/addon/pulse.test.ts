import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadNative } from "../../lib/native/load.ts";
import type { NativeEngine } from "../../lib/native/types.ts";
import { readyEngine, stepInput, temporaryFolder, tinySpec } from "./tiny-engine.ts";

const folder = temporaryFolder();
const spec = tinySpec();
const { pulse } = loadNative();
let engine: NativeEngine;

beforeAll(async () => {
  engine = await readyEngine(spec, folder.file("tokens"));
});
afterAll(async () => {
  await engine?.close();
  folder.remove();
});

test("a step beats for every pass of a micro-batch", async () => {
  const { beats } = pulse();
  await engine.step(stepInput(spec, 3));
  expect(pulse().beats).toBeGreaterThanOrEqual(beats + 6);
  expect(pulse().busy).toBe(false);
});

test("a job that hangs is busy, and does not beat", async () => {
  const pipe = folder.file("pipe");
  execFileSync("mkfifo", [pipe]);
  // Nobody writes: the engine's thread stays in open(2).
  const hanging = engine.openTokenFiles([pipe]);
  const refused = expect(hanging).rejects.toMatchObject({ code: "DATA_INVALID" });
  while (!pulse().busy) await new Promise((resolve) => setImmediate(resolve));
  const first = pulse();
  await new Promise((resolve) => setImmediate(resolve));
  expect(pulse()).toEqual(first);
  closeSync(openSync(pipe, "w"));
  await refused;
  expect(pulse().busy).toBe(false);
  expect(pulse().beats).toBeGreaterThan(first.beats);
});
