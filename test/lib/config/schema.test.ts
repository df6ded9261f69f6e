import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configJsonSchema } from "../../../lib/config/schema/json-schema.ts";
import {
  propertiesOf,
  schemaAt,
  valueKeys,
  type KeyEntry,
} from "../../../lib/config/schema/walk.ts";
import { renderConfigDocs } from "../../../scripts/gen-config-docs.ts";

/** A stage's `growth` repeats the run's, so its keys are nothing more to learn. */
const keys = valueKeys().filter(({ path }) => !path.startsWith("stages[].growth."));

test("there are at most 100 names to learn, in snake_case", () => {
  const names = new Set(keys.map(({ name }) => name));
  expect(names.size).toBeLessThanOrEqual(100);
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
});

test.each(keys)("$path says what it means and what it is when left out", (entry: KeyEntry) => {
  const { schema, required } = entry;
  expect(schema.description).toMatch(/^\S.*\.$/);
  const hasDefault = schema.default !== undefined || schema["x-default"] !== undefined;
  expect(hasDefault).toBe(!required);
});

test("every section is described", () => {
  for (const [name, schema] of Object.entries(configJsonSchema().properties!))
    if (propertiesOf(schema) !== undefined) expect(schema.description, name).toBeTruthy();
});

test("schemaAt finds keys through lists and optional sections, and nothing else", () => {
  expect(schemaAt(["stages", 3, "parallel", "recompute"])?.enum).toContain("full");
  expect(schemaAt(["model", "mup", "input_mult"])).toBeDefined();
  expect(schemaAt(["stages", 0, "weights", "english"])?.type).toBe("number");
  expect(schemaAt(["stages", 0, "weights", "english", "x"])).toBeUndefined();
  expect(schemaAt(["stages", "num_layers"])).toBeUndefined();
  expect(schemaAt(["model", "toString"])).toBeUndefined();
  expect(schemaAt(["name", "x", "y"])).toBeUndefined();
});

test("docs/config.md and docs/config.schema.json are fresh (npx tsx scripts/gen-config-docs.ts)", async () => {
  for (const [name, text] of Object.entries(await renderConfigDocs()))
    expect(readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8"), name).toBe(
      text,
    );
});
