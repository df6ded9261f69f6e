import { expect, test } from "vitest";
import type { RunFacts } from "../../../../lib/report/facts/run-facts.ts";
import { parseEvent } from "../../../../lib/report/read/events.ts";
import { growthTable } from "../../../../lib/report/sections/growth-table.ts";

const SHAPE = {
  num_layers: 2,
  hidden_size: 64,
  num_attention_heads: 4,
  num_kv_heads: 4,
  ffn_hidden_size: 256,
};

function tableOf(to: object, more: object = {}): string {
  const event = parseEvent({
    type: "growth",
    step: 100,
    stage: 1,
    from: { ...SHAPE, vocab_size: 300 },
    to: { ...SHAPE, vocab_size: 300, ...to },
    parameters_before: 1e6,
    parameters_after: 2e6,
    preserving: false,
    loss_before: 2.5,
    loss_after: 3.75,
    seconds: 1,
    ...more,
  });
  return growthTable({ events: [event], config: { stages: [] } } as unknown as RunFacts)!.text;
}

test("growth of one vocabulary has losses alone", () => {
  const table = tableOf({ num_layers: 4 });
  expect(table).toContain("+1.25000");
  expect(table).not.toContain("<th>vocabulary");
});

test("growth of the vocabulary has bits per byte, and no difference of losses that do not compare", () => {
  const table = tableOf({ vocab_size: 512 }, { bits_per_byte: { before: 1.25, after: 1.5 } });
  expect(table).toContain("300 → 512");
  expect(table).toContain("1.2500 → 1.5000");
  expect(table).not.toContain("+1.25000");
});
