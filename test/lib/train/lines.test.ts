import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { linesOf } from "../../../lib/train/lines.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("lines come whole, wherever they are cut into chunks", () => {
  const path = join(temporaryDirectory(), "lines");
  const line = fc.stringMatching(/^[aé€😀]{0,9}$/u);
  fc.assert(
    fc.property(
      fc.array(line),
      fc.boolean(),
      fc.integer({ min: 1, max: 12 }),
      (lines, ends, chunk) => {
        const text = lines.join("\n") + (ends ? "\n" : "");
        writeFileSync(path, text);
        const expected = text.split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect([...linesOf(path, chunk)]).toEqual(expected);
      },
    ),
  );
});
