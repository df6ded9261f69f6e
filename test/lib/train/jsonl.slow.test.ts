import { constants } from "node:buffer";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { JsonlWriter } from "../../../lib/train/jsonl.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("a file that is longer than any string is continued", () => {
  const path = join(temporaryDirectory(), "rows.jsonl");
  writeFileSync(path, '{"step":1}\n');
  // Long lines that are no rows: nothing of them has to be parsed or written again.
  const damaged = Buffer.alloc(1 << 23, "x");
  damaged[damaged.length - 1] = 0x0a;
  while (statSync(path).size <= constants.MAX_STRING_LENGTH) appendFileSync(path, damaged);
  appendFileSync(path, '{"step":2}\n{"step":3}\n');
  new JsonlWriter(path, ({ step }) => Number(step) < 3).close();
  expect(readFileSync(path, "utf8")).toBe('{"step":1}\n{"step":2}\n');
});
