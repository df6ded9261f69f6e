// Loaded before the program with `node --import`: sends this process SIGTERM right after an event has been written down,
// which FLM_TEST_STOP names by its type and step, as "validation:8". Only rank 0 writes events.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [type, step] = process.env.FLM_TEST_STOP.split(":");
const write = fs.writeFileSync;

fs.writeFileSync = (...args) => {
  write(...args);
  const [, data] = args;
  if (!String(data).includes(`"type":"${type}"`)) return;
  if (JSON.parse(data).step === Number(step)) process.kill(process.pid, "SIGTERM");
};
syncBuiltinESMExports();
