import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashDocument } from "../../../../lib/data/corpus/document-hash.ts";
import { type Hash64, HashSet } from "../../../../lib/hash-set.ts";
import { Splitter, TRAINING, VALIDATION } from "../../../../lib/data/corpus/split.ts";

const hashes = (count: number): Hash64[] =>
  Array.from({ length: count }, (_, i) =>
    hashDocument({ text: Buffer.from(`document ${i}`), parts: null }),
  );

function split(documents: readonly Hash64[], fraction: number) {
  const splitter = new Splitter(fraction);
  for (const [i, hash] of documents.entries()) splitter.add(hash, i + 1);
  return splitter.finish();
}

describe("Splitter", () => {
  it("holds out about the fraction that was asked for", () => {
    const { fates } = split(hashes(10_000), 0.1);
    const heldOut = fates.filter((fate) => fate === VALIDATION).length;
    expect(Math.abs(heldOut - 1000)).toBeLessThan(120);
  });

  it("decides alike about a document whatever the others are", () => {
    const all = hashes(2000);
    const whole = split(all, 0.2).fates;
    expect(split(all.slice(500), 0.2).fates).toEqual(whole.slice(500));
    expect(split(all.toReversed(), 0.2).fates).toEqual(whole.toReversed());
  });

  it("leaves neither side empty and counts bytes by side", () => {
    const documents = fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(documents, fc.double({ min: 0, max: 0.5, noNaN: true }), (names, fraction) => {
        const own = names.map((name) =>
          hashDocument({ text: Buffer.from(String(name)), parts: null }),
        );
        const { fates, training_bytes, validation_bytes } = split(own, fraction);
        const bytesOf = (fate: number) =>
          fates.reduce((sum, f, i) => sum + (f === fate ? i + 1 : 0), 0);
        expect(fates).toContain(TRAINING);
        expect(fates.includes(VALIDATION)).toBe(fraction > 0 && names.length > 1);
        expect(training_bytes).toBe(bytesOf(TRAINING));
        expect(validation_bytes).toBe(bytesOf(VALIDATION));
      }),
    );
  });
});

describe("HashSet", () => {
  it("knows what was added, through all its growth", () => {
    const set = new HashSet();
    const all = [...hashes(5000), { high: 0, low: 0 }, { high: 0, low: 2 ** 32 - 1 }];
    expect(all.every((hash) => set.add(hash))).toBe(true);
    expect(all.some((hash) => set.add(hash))).toBe(false);
  });
});
