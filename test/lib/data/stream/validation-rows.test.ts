import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { validationRows } from "../../../../lib/data/stream/validation-rows.ts";
import {
  PIECE_FIELDS,
  PIECE_LAST_TARGET,
  PIECE_NEW_SEGMENT,
} from "../../../../lib/native/types.ts";
import { indexOf } from "../support.ts";

describe("validationRows", () => {
  it("makes every token but a document's first the target exactly once", () => {
    const lengths = fc.array(fc.array(fc.integer({ min: 2, max: 20 }), { maxLength: 8 }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 16 }), (files, seq_length) => {
        const sources = files.map((own, i) => ({
          file: 10 + i,
          documents: indexOf(own),
          supervised: null,
        }));
        const rows = validationRows(sources, seq_length);
        const targets = rows.flatMap((row, index) => {
          const used = Array.from({ length: row.length / PIECE_FIELDS }, (_, i) => {
            const [number, file, offset, length, flags] = row.subarray(i * PIECE_FIELDS);
            expect(number).toBe(0);
            expect(flags).toBe(PIECE_NEW_SEGMENT | PIECE_LAST_TARGET);
            return Array.from({ length: length! }, (_, k) => `${file}:${offset! + k + 1}`);
          }).flat();
          if (index < rows.length - 1) expect(used).toHaveLength(seq_length);
          return used;
        });
        const expected = sources.flatMap(({ file, documents }) =>
          Array.from({ length: documents.count }, (_, i) => i).flatMap((i) =>
            Array.from(
              { length: documents.length(i) - 1 },
              (_, k) => `${file}:${documents.start(i) + k + 1}`,
            ),
          ),
        );
        expect(targets).toEqual(expected);
      }),
    );
  });
});
