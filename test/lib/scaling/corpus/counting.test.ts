import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExactCounter } from "../../../../lib/scaling/corpus/exact-counter.ts";
import { HyperLogLog } from "../../../../lib/scaling/corpus/hyperloglog.ts";
import { hashSequence } from "../../../../lib/scaling/corpus/sequence-hash.ts";
import { UniqueCounter } from "../../../../lib/scaling/corpus/unique-counter.ts";
import { uniform } from "../../../../lib/scaling/random.ts";

const hashOf = (units: readonly number[]) => {
  const hash = { high: 0, low: 0 };
  hashSequence(units, 0, units.length, hash);
  return hash;
};

describe("hashSequence", () => {
  test("depends on every unit, on their order and on the length", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2 ** 31), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(2 ** 31), { minLength: 1, maxLength: 8 }),
        (a, b) => {
          const isEqual = JSON.stringify(a) === JSON.stringify(b);
          expect(JSON.stringify(hashOf(a)) === JSON.stringify(hashOf(b))).toBe(isEqual);
        },
      ),
    );
    expect(hashOf([1, 2])).not.toEqual(hashOf([2, 1]));
    expect(hashOf([0])).not.toEqual(hashOf([0, 0]));
  });

  test("hashes the sequence where it is told to", () => {
    const hash = { high: 0, low: 0 };
    hashSequence([9, 1, 2, 3, 9], 1, 3, hash);
    expect(hash).toEqual(hashOf([1, 2, 3]));
  });
});

describe("ExactCounter", () => {
  test("counts like a set, and what comes twice", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 500 }), (pairs) => {
        const counter = new ExactCounter();
        const times = new Map<string, number>();
        for (const [high, low] of pairs) {
          counter.add({ high, low });
          // 0, 0 marks free places and counts as 0, 1.
          const key = `${high} ${high === 0 && low === 0 ? 1 : low}`;
          times.set(key, (times.get(key) ?? 0) + 1);
        }
        expect(counter.unique).toBe(times.size);
        expect(counter.repeated).toBe([...times.values()].filter((count) => count > 1).length);
      }),
    );
  });

  test("grows past its first capacity", () => {
    const counter = new ExactCounter();
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 20_000; i++) counter.add(hashOf([i]));
    expect([counter.unique, counter.repeated]).toEqual([20_000, 20_000]);
  });
});

describe("HyperLogLog", () => {
  test("45 sets of 191 to a million: rms error at most 0.5 %, worst at most 2 %", () => {
    const errors: number[] = [];
    for (let set = 0; set < 45; set++) {
      const size = Math.round(191 * (1e6 / 191) ** (set / 44));
      const sketch = new HyperLogLog();
      for (let i = 0; i < size; i++) sketch.add(hashOf([set, i]));
      errors.push(sketch.estimate() / size - 1);
    }
    const rms = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    expect(rms).toBeLessThan(0.005);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.02);
  });

  test("nothing is nothing, and repeats add nothing", () => {
    const sketch = new HyperLogLog();
    expect(sketch.estimate()).toBe(0);
    for (let i = 0; i < 1000; i++) sketch.add(hashOf([i % 10]));
    expect(Math.round(sketch.estimate())).toBe(10);
  });

  test("merging shards is counting them together", () => {
    const [a, b, both] = [new HyperLogLog(), new HyperLogLog(), new HyperLogLog()];
    const random = uniform(3);
    for (let i = 0; i < 50_000; i++) {
      const hash = hashOf([Math.floor(random() * 30_000)]);
      both.add(hash);
      (i % 2 ? a : b).add(hash);
    }
    a.merge(b);
    expect(a.estimate()).toBe(both.estimate());
  });
});

test("UniqueCounter is exact up to its limit, and then an estimate without repeats", () => {
  const counter = new UniqueCounter(1000);
  for (let i = 0; i < 1000; i++) counter.add(hashOf([i]));
  expect(counter.isExact).toBe(true);
  expect(counter.count()).toEqual({ unique: 1000, repeated: 0 });
  for (let i = 0; i < 5000; i++) counter.add(hashOf([i]));
  expect(counter.isExact).toBe(false);
  const { unique, repeated } = counter.count();
  expect(Math.abs(unique / 5000 - 1)).toBeLessThan(0.02);
  expect(repeated).toBeNull();
});
