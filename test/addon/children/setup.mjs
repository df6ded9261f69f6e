// What run-child.ts hands over: the addon's path and a folder with spec, plan, tokens and step.json.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [addonPath, folder] = process.argv.slice(2);
export const binding = createRequire(import.meta.url)(addonPath);
export const spec = new Uint8Array(readFileSync(join(folder, "spec")));

const step = JSON.parse(readFileSync(join(folder, "step.json"), "utf8"));
/** Takes minutes unless it is stopped. */
export const endlessStep = {
  ...step,
  pieces: Float64Array.from(step.pieces),
  instructions: Int32Array.from(step.instructions),
  // JSON has no infinity, and makes an object of an empty typed array.
  max_loss: step.max_loss ?? Infinity,
  max_grad_norm: step.max_grad_norm ?? Infinity,
  row_weights: Float64Array.from(Object.values(step.row_weights)),
};
export const shortStep = { ...endlessStep, num_micro_batches: 1 };

/** An engine with weights and data. */
export async function readyEngine() {
  const engine = await binding.createEngine(spec);
  await engine.load(new Uint8Array(readFileSync(join(folder, "plan"))));
  await engine.openTokenFiles([join(folder, "tokens")]);
  return engine;
}
