// Prints the most bytes that this process ever held in memory, after a step.
import { readFileSync } from "node:fs";
import { readyEngine, shortStep } from "./setup.mjs";

const engine = await readyEngine();
await engine.step({ ...shortStep, instructions: Int32Array.from(shortStep.instructions) });
const kibibytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1];
console.log(1024 * Number(kibibytes));
await engine.close();
