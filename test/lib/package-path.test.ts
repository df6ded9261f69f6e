import { mkdirSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { packagePath } from "../../lib/package-path.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const ROOT = join(import.meta.dirname, "../..");

test("a file of the package is where the project's node_modules have it, not where a link leads", () => {
  const project = temporaryDirectory();
  const below = join(project, "my model");
  mkdirSync(below);
  mkdirSync(join(project, "node_modules"));
  const link = join(project, "node_modules/flm-train");
  symlinkSync(ROOT, link);
  expect(packagePath("docs/config.md", below)).toBe("../node_modules/flm-train/docs/config.md");
  expect(packagePath("docs/config.md", project)).toBe("node_modules/flm-train/docs/config.md");
});

test("another flm-train above is none, and without any it is where it lies", () => {
  const project = temporaryDirectory();
  const real = relative(project, join(ROOT, "examples"));
  expect(packagePath("examples", project)).toBe(real);
  mkdirSync(join(project, "node_modules/flm-train"), { recursive: true });
  expect(packagePath("examples", project)).toBe(real);
});
