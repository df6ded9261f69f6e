import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { planFixtures } from "../../fixtures/plans/cases.ts";

const folder = new URL("../../fixtures/plans/", import.meta.url);

describe("the plans that native programs read", () => {
  test.each(Object.entries(planFixtures()))("%s is what its case encodes to", (name, bytes) => {
    const stale = "older than its case; run: npx tsx scripts/write-plan-fixtures.ts";
    expect(Buffer.from(bytes).equals(readFileSync(new URL(name, folder))), stale).toBe(true);
  });
});
