// Worker threads of Node that are terminated in mid-step, one after another and two at a time.
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { endlessStep, readyEngine } from "./setup.mjs";

async function terminateInStep() {
  const worker = new Worker(fileURLToPath(import.meta.url), { argv: process.argv.slice(2) });
  await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  return worker.terminate();
}

if (isMainThread) {
  for (let i = 0; i < 5; i++) await terminateInStep();
  await Promise.all([terminateInStep(), terminateInStep()]);
  const engine = await readyEngine();
  await engine.close();
  console.log("alive");
} else {
  const engine = await readyEngine();
  engine.step(endlessStep);
  parentPort.postMessage("stepping");
}
