// Loaded before the program with `node --import`: sends this process SIGTERM right after an event has been written down,
// which FLM_TEST_STOP names by its type and step, as "validation:8", or after a row of metrics.jsonl, as "row:8". Only
// rank 0 writes either.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [type, step] = process.env.FLM_TEST_STOP.split(":");
const write = fs.writeFileSync;

fs.writeFileSync = (...args) => {
  write(...args);
  // A resumed run copies the rows before its checkpoint, many at once.
  const [line, ...others] = String(args[1]).trimEnd().split("\n");
  const isSought = type === "row" ? line.startsWith(`{"step":${step},`) : isEvent(line);
  if (others.length === 0 && isSought) process.kill(process.pid, "SIGTERM");
};
syncBuiltinESMExports();

function isEvent(line) {
  return line.includes(`"type":"${type}"`) && JSON.parse(line).step === Number(step);
}
