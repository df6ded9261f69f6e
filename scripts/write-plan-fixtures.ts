// Writes test/fixtures/plans/*.bin: npx tsx scripts/write-plan-fixtures.ts
import { writeFileSync } from "node:fs";
import { planFixtures } from "../test/fixtures/plans/cases.ts";

const folder = new URL("../test/fixtures/plans/", import.meta.url);
for (const [name, bytes] of Object.entries(planFixtures()))
  writeFileSync(new URL(name, folder), bytes);
