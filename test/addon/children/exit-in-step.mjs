// process.exit() while two engines step and one is being made.
import { binding, endlessStep, readyEngine, spec } from "./setup.mjs";

const engines = [await readyEngine(), await readyEngine()];
// A first call has answered, so the threads are awake; then all of them are busy.
await Promise.all(engines.map((engine) => engine.trace(false)));
for (const engine of engines) engine.step(endlessStep);
binding.createEngine(spec);
setImmediate(() => process.exit(7));
