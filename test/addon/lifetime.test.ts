// What cannot be asserted inside one process: how it ends.
import { afterAll, describe, expect, test } from "vitest";
import { runChild } from "./run-child.ts";
import { temporaryFolder } from "./tiny-engine.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const MEGABYTE = 2 ** 20;

describe("a process with engines at work", () => {
  test("ends at once on process.exit(), with its code", async () => {
    const outcome = await runChild("exit-in-step", folder.path);
    expect(outcome).toEqual({ code: 7, signal: null, stdout: "", stderr: "" });
  });

  test("can close its engine on Ctrl-C", async () => {
    const outcome = await runChild("interrupt-in-step", folder.path, { args: ["handled"] });
    expect(outcome).toEqual({ code: 130, signal: null, stdout: "CANCELLED\n", stderr: "" });
  });

  test("is ended by Ctrl-C where nothing handles it", async () => {
    const outcome = await runChild("interrupt-in-step", folder.path, { args: ["default"] });
    expect(outcome).toMatchObject({ code: null, signal: "SIGINT", stderr: "" });
  });

  test("lives as long as a call runs and no longer", async () => {
    const outcome = await runChild("drain", folder.path);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "256\n", stderr: "" });
  });

  test("survives that worker threads are terminated in mid-step", async () => {
    const outcome = await runChild("terminate-worker", folder.path);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "alive\n", stderr: "" });
  });

  test("keeps nothing of 1,000 closed engines and of those that were collected", async () => {
    const outcome = await runChild("cycles", folder.path, { nodeOptions: ["--expose-gc"] });
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    const { grown_bytes, grown_threads } = JSON.parse(outcome.stdout);
    // One engine holds 8 MB: a leak of each would be gigabytes.
    expect(grown_bytes).toBeLessThan(64 * MEGABYTE);
    // The last engines may still wait for their collection.
    expect(grown_threads).toBeLessThan(10);
  });
});
