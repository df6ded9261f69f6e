import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  appendAxis,
  appendLayers,
  type AxisMap,
  expandHeads,
  headMaps,
  interleaveLayers,
  type LayerMap,
  NEW,
  stackLayers,
} from "../../../lib/growth/axis-map.ts";
import { failure } from "../failure.ts";

const range = (end: number) => Array.from({ length: end }, (_, i) => i);
const inherited = (map: AxisMap) => [...map].filter((old) => old !== NEW);

/** A size and a larger or equal one. */
const sizes = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 40 }))
  .map(([from, more]) => [from, from + more] as const);

test("appending keeps every old index in its place", () => {
  expect([...appendAxis(2, 4)]).toEqual([0, 1, NEW, NEW]);
  fc.assert(
    fc.property(sizes, ([from, to]) => {
      const map = appendAxis(from, to);
      expect(map).toHaveLength(to);
      expect([...map.subarray(0, from)]).toEqual(range(from));
      expect([...map.subarray(from)].every((old) => old === NEW)).toBe(true);
    }),
  );
});

test("no axis shrinks", () => {
  const { code, message, hint } = failure(() => appendAxis(4, 3));
  expect(code).toBe("GROWTH_INVALID");
  expect(message).toContain("from 4 to 3");
  expect(hint).toContain("use 4 or more");
  for (const layers of [stackLayers, interleaveLayers, appendLayers])
    expect(failure(() => layers(3, 2)).message).toContain("num_layers would shrink from 3 to 2");
});

test("a head is its rows, in order", () => {
  expect([...expandHeads(Int32Array.of(1, NEW, 0), 2)]).toEqual([2, 3, NEW, NEW, 0, 1]);
});

describe("query and KV heads", () => {
  test("whole groups are appended at the old ratio", () => {
    const { heads, kv_heads } = headMaps(
      { num_attention_heads: 4, num_kv_heads: 2 },
      { num_attention_heads: 6, num_kv_heads: 3 },
    );
    expect([...kv_heads]).toEqual([0, 1, NEW]);
    expect([...heads]).toEqual([0, 1, 2, 3, NEW, NEW]);
  });

  test("queries join at the end of each group", () => {
    const { heads, kv_heads } = headMaps(
      { num_attention_heads: 4, num_kv_heads: 2 },
      { num_attention_heads: 6, num_kv_heads: 2 },
    );
    expect([...kv_heads]).toEqual([0, 1]);
    expect([...heads]).toEqual([0, 1, NEW, 2, 3, NEW]);
  });

  test("every inherited query appears once, in order, with the KV head that it reads", () => {
    const counts = fc.record({
      kv: fc.integer({ min: 1, max: 8 }),
      ratio: fc.integer({ min: 1, max: 8 }),
      more: fc.integer({ min: 0, max: 6 }),
      appendsGroups: fc.boolean(),
    });
    fc.assert(
      fc.property(counts, ({ kv, ratio, more, appendsGroups }) => {
        const newKv = appendsGroups ? kv + more : kv;
        const newRatio = appendsGroups ? ratio : ratio + more;
        const { heads, kv_heads } = headMaps(
          { num_attention_heads: kv * ratio, num_kv_heads: kv },
          { num_attention_heads: newKv * newRatio, num_kv_heads: newKv },
        );
        expect(inherited(heads)).toEqual(range(kv * ratio));
        expect(inherited(kv_heads)).toEqual(range(kv));
        for (const [head, old] of heads.entries())
          if (old !== NEW)
            expect(kv_heads[Math.floor(head / newRatio)]).toBe(Math.floor(old / ratio));
      }),
    );
  });

  test("both counts and their ratio together are refused, with all numbers", () => {
    const { code, message, hint } = failure(() =>
      headMaps(
        { num_attention_heads: 4, num_kv_heads: 2 },
        { num_attention_heads: 9, num_kv_heads: 3 },
      ),
    );
    expect(code).toBe("GROWTH_INVALID");
    expect(message).toContain("4 query heads on 2 KV heads cannot grow to 9 on 3");
    expect(hint).toContain("keep 2 KV heads");
  });

  test("a count that its KV heads do not divide is refused", () => {
    const { message } = failure(() =>
      headMaps(
        { num_attention_heads: 3, num_kv_heads: 2 },
        { num_attention_heads: 4, num_kv_heads: 2 },
      ),
    );
    expect(message).toContain("num_attention_heads 3 is not a multiple of num_kv_heads 2");
  });
});

describe("layers", () => {
  const describeMap = ({ source, added }: LayerMap) =>
    [...source].map((layer, i) => `${layer}${added[i] ? "+" : ""}`).join(" ");

  test("stack repeats the whole stack, then its last layers", () => {
    expect(describeMap(stackLayers(3, 8))).toBe("0 1 2 0+ 1+ 2+ 1+ 2+");
  });

  test("interleave puts copies behind their layers, the surplus at the top", () => {
    expect(describeMap(interleaveLayers(3, 5))).toBe("0 1 1+ 2 2+");
    expect(describeMap(interleaveLayers(2, 5))).toBe("0 0+ 1 1+ 1+");
  });

  test("append has no source for what it adds", () => {
    expect(describeMap(appendLayers(2, 4))).toBe("0 1 -1+ -1+");
  });

  test.each([
    ["stack", stackLayers],
    ["interleave", interleaveLayers],
    ["append", appendLayers],
  ])("%s keeps every old layer exactly once, in order", (_, layers) => {
    fc.assert(
      fc.property(sizes, ([from, to]) => {
        const { source, added } = layers(from, to);
        expect(source).toHaveLength(to);
        expect(added).toHaveLength(to);
        expect([...source].filter((_, i) => !added[i])).toEqual(range(from));
        expect([...source].every((layer) => layer >= NEW && layer < from)).toBe(true);
      }),
    );
  });
});
