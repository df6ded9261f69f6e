// Loaded before the program with `node --import`: once the row of metrics.jsonl has been written that FLM_TEST_LAST_ROW
// names by its step, the file system refuses every change, as one does that has been remounted read-only after an error.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const last = `{"step":${process.env.FLM_TEST_LAST_ROW},`;
let refuses = false;

const CHANGES = ["writeFileSync", "writeSync", "renameSync", "mkdirSync", "rmSync", "rmdirSync"];
for (const name of CHANGES) {
  const change = fs[name];
  fs[name] = (...args) => {
    if (refuses)
      throw Object.assign(new Error(`EROFS: read-only file system, ${name} '${args[0]}'`), {
        code: "EROFS",
        syscall: name,
        path: String(args[0]),
      });
    const result = change(...args);
    refuses = String(args[1]).startsWith(last);
    return result;
  };
}
syncBuiltinESMExports();
