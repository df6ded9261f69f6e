// Formats the sources: prettier for TypeScript, JavaScript, JSON, YAML and Markdown, clang-format 19 for C++ and
// CUDA. With --check nothing is written and the exit status tells whether something would be.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root, walk } from "./support/files.mjs";
import { resolveInPackage, run, which } from "./support/tools.mjs";

// Another version formats differently, so a plain clang-format will only do when it is this one.
const CLANG_FORMAT_VERSION = 19;

function clangFormat() {
  const named = which(`clang-format-${CLANG_FORMAT_VERSION}`);
  if (named) return named;
  const plain = which("clang-format");
  const version = plain && spawnSync(plain, ["--version"], { encoding: "utf8" }).stdout;
  return version?.includes(`version ${CLANG_FORMAT_VERSION}.`) ? plain : null;
}

const check = process.argv.includes("--check");
const prettier = join(resolveInPackage("prettier/package.json"), "..", "bin", "prettier.cjs");
let status = run(process.execPath, [
  prettier,
  check ? "--check" : "--write",
  "--log-level=warn",
  ".",
]);

const program = clangFormat();
if (!program) {
  console.error(
    `clang-format-${CLANG_FORMAT_VERSION} not found. Remedy: apt-get install -y clang-format-19`,
  );
  process.exit(1);
}
const files = ["native", "test/native", "bench"]
  .flatMap((folder) => walk(root, folder))
  .filter((path) => /\.(cpp|h|cu|cuh)$/.test(path));
status ||= run(program, check ? ["--dry-run", "--Werror", ...files] : ["-i", ...files]);
process.exit(status);
