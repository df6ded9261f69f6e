// Loaded before the program with `node --import`: holds the main thread right after a row of metrics.jsonl has been
// written, so that a test can do something meanwhile. It makes FLM_TEST_HOLD_FILE and goes on when that file is gone.
// Only rank 0 writes rows; the others come to where they wait for it.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { FLM_TEST_HOLD: step, FLM_TEST_HOLD_FILE: file } = process.env;
const original = { ...fs };

function hold() {
  original.writeFileSync(file, "");
  const clock = new Int32Array(new SharedArrayBuffer(4));
  while (original.existsSync(file)) Atomics.wait(clock, 0, 0, 5);
}

fs.writeFileSync = (...args) => {
  original.writeFileSync(...args);
  if (String(args[1]).startsWith(`{"step":${step},`)) hold();
};
syncBuiltinESMExports();
