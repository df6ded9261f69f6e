// Loaded before the program with `node --import`: holds the main thread at one exact moment, which FLM_TEST_HOLD names,
// so that a test can do something meanwhile. It makes FLM_TEST_HOLD_FILE and goes on when that file is gone.
//   row:11          right after row 11 of metrics.jsonl has been written
//   save:2          right after the directory of the second checkpoint has been made
// Only rank 0 does these things; the others come to where they wait for it.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [kind, text] = process.env.FLM_TEST_HOLD.split(":");
const number = Number(text);
const file = process.env.FLM_TEST_HOLD_FILE;
const original = { ...fs };
let saves = 0;

function hold() {
  original.writeFileSync(file, "");
  const clock = new Int32Array(new SharedArrayBuffer(4));
  while (original.existsSync(file)) Atomics.wait(clock, 0, 0, 5);
}

fs.writeFileSync = (...args) => {
  original.writeFileSync(...args);
  if (kind === "row" && String(args[1]).startsWith(`{"step":${number},`)) hold();
};
fs.mkdirSync = (...args) => {
  const result = original.mkdirSync(...args);
  if (kind === "save" && /tmp-step-\d+/.test(args[0]) && ++saves === number) hold();
  return result;
};
syncBuiltinESMExports();
