import { expect, test } from "vitest";
import { runName } from "../../../../lib/export/import/run-name.ts";

test.each([
  ["/runs/imported-2.1_b", "imported-2.1_b"],
  ["/runs/my model's copy", "my-model-s-copy"],
  ["/runs/.hidden", "hidden"],
  ["/runs/--", "imported"],
  ["/runs/日本", "imported"],
  ["/", "imported"],
])("the run in %s is called %s", (directory, name) => {
  expect(runName(directory)).toBe(name);
});
