// Prints what 1,000 engines leave behind: closed ones, and ones that are only collected. Needs --expose-gc.
import { readdirSync } from "node:fs";
import { binding, readyEngine, spec } from "./setup.mjs";

const WARM_UP = 100;
const CYCLES = 1000;
const COLLECTED = 100;

const threads = () => readdirSync("/proc/self/task").length;
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function createAndClose(count) {
  for (let i = 0; i < count; i++) {
    const engine = await binding.createEngine(spec);
    await engine.close();
  }
  globalThis.gc();
  await settle();
}

async function createAndForget(count) {
  for (let i = 0; i < count; i++) {
    await readyEngine();
    globalThis.gc();
    await settle();
  }
}

await createAndClose(WARM_UP);
const before = process.memoryUsage().rss;
const threads_before = threads();
await createAndClose(CYCLES - WARM_UP);
await createAndForget(COLLECTED);
const grown_bytes = process.memoryUsage().rss - before;
console.log(JSON.stringify({ grown_bytes, grown_threads: threads() - threads_before }));
