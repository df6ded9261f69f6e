// Loaded before the program with `node --import`: kills it, as SIGKILL does, at one exact moment, which
// FLM_TEST_DIE names. A moment between two system calls is reproducible; one after so many milliseconds is not.
//   row:12          right after row 12 of metrics.jsonl has been written
//   torn:12         in the middle of writing that row
//   growth:1        right after the first growth event has been written down
//   rollback:3      before the third change of the file system after the first rollback has been decided
//   save:2          while the shards of the second checkpoint are being written
//   operation:57    before the 57th call that changes the file system
//   count           not at all; the number of such calls goes to stderr at the end
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [kind, text] = (process.env.FLM_TEST_DIE ?? "count").split(":");
const number = Number(text);
const seen = { growth: 0, save: 0, operation: 0, rollback: -1 };
const original = { ...fs };

function die() {
  process.kill(process.pid, "SIGKILL");
}

function isRow(data) {
  return String(data).startsWith(`{"step":${number},`);
}

const before = {
  writeFileSync([file, data]) {
    if (kind !== "torn" || !isRow(data)) return;
    original.writeSync(file, String(data).slice(0, 40));
    die();
  },
};

const after = {
  writeFileSync([, data]) {
    if (kind === "row" && isRow(data)) die();
    if (/"action":"rollback"/.test(data) && seen.rollback < 0) seen.rollback = 0;
    if (kind === "growth" && /"type":"growth"/.test(data) && ++seen.growth === number) die();
  },
  mkdirSync([path]) {
    if (kind !== "save" || !/tmp-step-\d+/.test(path) || ++seen.save !== number) return;
    // The native thread has its job by the time the event loop turns.
    setImmediate(die);
  },
};

const CHANGES = ["writeFileSync", "writeSync", "renameSync", "mkdirSync", "rmSync", "fsyncSync"];
for (const name of CHANGES)
  fs[name] = (...args) => {
    seen.operation += 1;
    if (seen.rollback >= 0) seen.rollback += 1;
    if (kind === "rollback" && seen.rollback === number) die();
    if (kind === "operation" && seen.operation === number) die();
    before[name]?.(args);
    const result = original[name](...args);
    after[name]?.(args);
    return result;
  };
syncBuiltinESMExports();

if (kind === "count")
  process.on("exit", () => process.stderr.write(`operations ${seen.operation}\n`));
