import { join } from "node:path";
import { expect, it } from "vitest";
import { prepareData } from "../../../../lib/data/prepare.ts";
import { loadNative } from "../../../../lib/native/load.ts";
import type { NativeBinding } from "../../../../lib/native/types.ts";
import { configFor, directoryWith } from "../support.ts";

const TEXT = "she sells sea shells, and the shells that she sells are sea shells";

/** The warnings of a corpus whose tokenizer was trained on a count that had given up so many words. */
async function warningsOf(dropped_words: number): Promise<readonly string[]> {
  const real = loadNative();
  const native: NativeBinding = Object.assign(Object.create(real) as NativeBinding, {
    createBpeTrainer: (split: "gpt4") => {
      const trainer = real.createBpeTrainer(split);
      return {
        add: (text: Uint8Array) => trainer.add(text),
        train: async (size: number) => ({ ...(await trainer.train(size)), dropped_words }),
      };
    },
  });
  const directory = directoryWith({ "a.txt": TEXT, "b.txt": `${TEXT}.` });
  const data = { sources: [{ path: join(directory, "*.txt") }], cache_dir: directory };
  const config = configFor(directory, data, { type: "bpe", vocab_size: 260 });
  return (await prepareData(config, { native })).warnings;
}

it("words that were too many to count are said, with their number", async () => {
  expect(await warningsOf(0)).toEqual([]);
  expect(await warningsOf(7)).toEqual([expect.stringContaining("7 rare ones were left out")]);
});
