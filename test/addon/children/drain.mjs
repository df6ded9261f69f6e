// An engine that is never closed must not keep the process alive once its calls have ended, while one of them runs
// it must.
import { readyEngine, shortStep } from "./setup.mjs";

const engine = await readyEngine();
engine.step(shortStep).then(([, , targets]) => console.log(targets));
