// Writes solved items of the generated reasoning tasks as JSONL to train on; none of them is in a scored set.
// Needs dist/ (npm run build).
//   node scripts/iq-text.mjs FILE COUNT [TASK ...]      all thirteen tasks by default
import { closeSync, openSync, writeSync } from "node:fs";
import { IQ_TASKS } from "../dist/eval/iq/tasks.js";
import { solvedText, trainingItems } from "../dist/eval/iq/training-text.js";

const [file, count, ...names] = process.argv.slice(2);
const unknown = names.find((name) => !IQ_TASKS.some((task) => task.name === name));
if (file === undefined || !(Number(count) >= 1) || unknown !== undefined) {
  const known = IQ_TASKS.map(({ name }) => name).join(", ");
  console.error(`usage: node scripts/iq-text.mjs FILE COUNT [TASK ...]; tasks are ${known}`);
  process.exit(64);
}
const tasks = names.length > 0 ? IQ_TASKS.filter(({ name }) => names.includes(name)) : IQ_TASKS;
const out = openSync(file, "w");
let left = Number(count);
for (const item of trainingItems(tasks)) {
  if (left-- <= 0) break;
  writeSync(out, `${JSON.stringify({ text: solvedText(item) })}\n`);
}
closeSync(out);
