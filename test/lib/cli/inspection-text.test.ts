import { expect, test } from "vitest";
import { inspectionText } from "../../../lib/cli/inspection-text.ts";

test("text of the data cannot command the terminal", () => {
  const parts = [
    { text: "\u001b[2J", supervised: false },
    { text: "a\n\tb\u009b", supervised: true },
  ];
  const text = inspectionText({
    sources: [],
    duplicate_documents: 0,
    bad_rows: 0,
    batch: { rows: 1, seq_length: 8, padding_share: 0, target_share: 1, source_shares: [] },
    rows: [[{ source: 0, inputs: 7, parts }]],
    warnings: ["\u001bc"],
  });
  expect(text).toContain("⟦\\x1b[2J⟧a\n  \tb\\x9b\n");
  expect(text).toContain("warning: \\x1bc\n");
});
