import { join } from "node:path";
import { expect, it } from "vitest";
import { prepareData } from "../../../../lib/data/prepare.ts";
import { FlmError } from "../../../../lib/errors.ts";
import { loadNative } from "../../../../lib/native/load.ts";
import type { NativeBinding } from "../../../../lib/native/types.ts";
import { configFor, directoryWith, errorOf } from "../support.ts";

const TEXT = "she sells sea shells, and the shells that she sells are sea shells";

const real = loadNative();

/** The addon with some of its functions replaced. */
function withChanges(changes: Partial<NativeBinding>): NativeBinding {
  return Object.assign(Object.create(real) as NativeBinding, changes);
}

/** Trains tokenizers on a count that has given up so many words. */
function dropping(dropped_words: number): NativeBinding {
  return withChanges({
    createBpeTrainer: (split) => {
      const trainer = real.createBpeTrainer(split);
      return {
        add: (text: Uint8Array) => trainer.add(text),
        train: async (size: number) => ({ ...(await trainer.train(size)), dropped_words }),
      };
    },
  });
}

function smallCorpus() {
  const directory = directoryWith({ "a.txt": TEXT, "b.txt": `${TEXT}.` });
  const data = { sources: [{ path: join(directory, "*.txt") }], cache_dir: directory };
  return configFor(directory, data, { type: "bpe", vocab_size: 260 });
}

const warningsOf = async (native: NativeBinding, config = smallCorpus()) =>
  (await prepareData(config, { native })).warnings;
const SAID = [expect.stringContaining("7 rare ones were left out")];

it("words that were too many to count are said, with their number", async () => {
  expect(await warningsOf(dropping(0))).toEqual([]);
  expect(await warningsOf(dropping(7))).toEqual(SAID);
});

it("they are said by the build that goes on with the tokenizer of an interrupted one", async () => {
  const config = smallCorpus();
  const interrupted = Object.assign(dropping(7), {
    hashFile: () => Promise.reject(new FlmError("CANCELLED", "interrupted")),
  });
  await expect(warningsOf(interrupted, config)).rejects.toThrow("interrupted");
  const createBpeTrainer = () => expect.unreachable("the tokenizer is there");
  expect(await warningsOf(withChanges({ createBpeTrainer }), config)).toEqual(SAID);
});

it.each([
  [257, null],
  [258, null],
  [259, 259],
])("labels are part of a vocabulary of %d tokens", async (vocab_size, trained) => {
  const rows = [true, false].map((label) => JSON.stringify({ proposition: TEXT, label }));
  const directory = directoryWith({ "a.jsonl": rows.join("\n"), "b.txt": TEXT });
  const sources = [
    { path: join(directory, "a.jsonl"), type: "proposition" as const },
    { path: join(directory, "b.txt") },
  ];
  const config = configFor(
    directory,
    { sources, cache_dir: directory },
    { type: "bpe", vocab_size },
    { type: "freelm" },
  );
  if (trained !== null) {
    expect((await prepareData(config, { native: real })).tokenizer.vocab_size).toBe(trained);
    return;
  }
  const error = await errorOf(() => prepareData(config, { native: real }));
  expect(error.code).toBe("CONFIG_INVALID");
  expect(error.message).toBe(
    `tokenizer.vocab_size: ${vocab_size} must be at least 259 with labels true and false`,
  );
  expect(error.hint).toMatch(/259/);
});
