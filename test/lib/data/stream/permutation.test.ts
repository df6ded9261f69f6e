import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Permutation } from "../../../../lib/data/stream/permutation.ts";

const all = (permutation: Permutation, count: number) =>
  Array.from({ length: count }, (_, i) => permutation.at(i));

describe("Permutation", () => {
  it("reaches every number once", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.array(fc.maxSafeNat()), (count, key) => {
        expect(new Set(all(new Permutation(count, key), count)).size).toBe(count);
        expect(Math.max(...all(new Permutation(count, key), count))).toBe(count - 1);
      }),
    );
  });

  it("depends on every part of the key, also above 32 bits", () => {
    const keys = [[], [0], [0, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [2 ** 32, 0, 0]];
    const orders = keys.map((key) => all(new Permutation(50, key), 50).join());
    expect(new Set(orders).size).toBe(keys.length);
  });

  it("gives every order of three about equally often", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = all(new Permutation(3, [seed]), 3).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 1000 expected, with a standard deviation of 29.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it("leaves no order behind in a large set", () => {
    const count = 10_000;
    const order = all(new Permutation(count, [7]), count);
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const product = mean(order.map((value, i) => (value / count - 0.5) * (i / count - 0.5)));
    // The correlation of independent values has a standard deviation of 1 / sqrt(10,000).
    expect(Math.abs(product * 12)).toBeLessThan(0.05);
  });

  it("works beyond 32 bits", () => {
    const count = 2 ** 40;
    const permutation = new Permutation(count, [1]);
    const values = Array.from({ length: 1000 }, (_, i) => permutation.at(count - 1 - i));
    expect(new Set(values).size).toBe(1000);
    expect(values.every((value) => Number.isInteger(value) && value >= 0 && value < count)).toBe(
      true,
    );
  });
});
