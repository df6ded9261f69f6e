import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { orClose } from "../../../../lib/data/corpus/or-close.ts";
import { Output } from "../../../../lib/data/corpus/output.ts";
import { ByteTokenizer } from "../../../../lib/data/tokenizer/byte-tokenizer.ts";
import { directoryWith, errorOf } from "../support.ts";

/** What this process has open in a directory. */
function openIn(directory: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((file) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${file}`);
      return path.startsWith(directory) ? [path] : [];
    } catch {
      return [];
    }
  });
}

describe("an output", () => {
  it("leaves no file open where it cannot be resumed", async () => {
    const directory = directoryWith();
    const path = join(directory, "a.tok");
    const first = await Output.open(path, new ByteTokenizer(), false, null);
    await first.close();
    // There is no file of spans.
    const progress = { tokens: 0, documents: 0, edges: 4 };
    await errorOf(() => Output.open(path, new ByteTokenizer(), true, progress));
    expect(openIn(directory)).toEqual([]);
  });
});

describe("orClose", () => {
  it("closes on failure alone", async () => {
    let closed = 0;
    const opened = { close: async () => void closed++ };
    expect(await orClose(opened, async () => 5)).toBe(5);
    expect(closed).toBe(0);
    const failing = orClose(opened, () => Promise.reject(new Error("full")));
    await expect(failing).rejects.toThrow("full");
    expect(closed).toBe(1);
  });
});
