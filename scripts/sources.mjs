// Keeps native/sources.json, the one list that binding.gyp and CMakeLists.txt build from, equal to what lies
// on disk. The list is explicit so that a stray file is noticed instead of being compiled.
//   node scripts/sources.mjs --check    exit 1 and name every file that is only on one side
//   node scripts/sources.mjs --write    regenerate the lists
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isMain, root, walk } from "./support/files.mjs";

export const sourcesFile = join(root, "native", "sources.json");

const SOURCE = /\.(cpp|cu)$/;
// A stub twin stands in for the room that needs CUDA; a build holds one or the other.
const STUB = /^native\/cuda\/no_\w+\.cpp$/;
const NEEDS_CUDA = /^native\/cuda\//;
const TESTS_CUDA = /^test\/native\/(cuda\/|.*\bcuda_\w+\.)/;
// The emulation compiles .cu files as C++ and has a CMakeLists.txt of its own; the NCCL of the tests is a library.
const OWN_BUILD = /^test\/native\/(emulation|comm\/fake_nccl)\//;

/** The list that a file belongs to, e.g. "cpu_sources"; null for a file that no builder compiles from the list. */
export function listOf(path) {
  if (!SOURCE.test(path) || OWN_BUILD.test(path)) return null;
  if (TESTS_CUDA.test(path)) return "cuda_test_sources";
  if (path.startsWith("test/native/")) return "test_sources";
  if (path.startsWith("bench/native/")) return "bench_sources";
  if (STUB.test(path)) return "cuda_stub_sources";
  if (NEEDS_CUDA.test(path)) return "cuda_sources";
  const room = /^native\/(\w+)\//.exec(path)?.[1];
  return room ? `${room}_sources` : null;
}

export function readSources(file = sourcesFile) {
  return JSON.parse(readFileSync(file, "utf8")).variables;
}

/** Every list as the files on disk have it: `{ core_sources: ["native/core/error.cpp", ...], ... }`. */
export function sourcesOnDisk(directory = root) {
  const lists = {};
  for (const folder of ["native", "test/native", "bench/native"]) {
    for (const path of walk(directory, folder)) {
      const list = listOf(path);
      if (list) (lists[list] ??= []).push(path);
    }
  }
  for (const list of Object.values(lists)) list.sort();
  return lists;
}

/** One line for each file that is in the list but not on disk, or the other way round. */
export function findDifferences(listed, onDisk) {
  const names = [
    ...Object.keys(listed).filter((key) => key.endsWith("_sources")),
    ...Object.keys(onDisk),
  ];
  return [...new Set(names)].flatMap((name) => {
    const [want, have] = [onDisk[name] ?? [], listed[name] ?? []];
    return [
      ...want
        .filter((path) => !have.includes(path))
        .map((path) => `${path} is missing from ${name}`),
      ...have
        .filter((path) => !want.includes(path))
        .map((path) => `${path} is in ${name} but not on disk`),
    ];
  });
}

function write() {
  const variables = readSources();
  const onDisk = sourcesOnDisk();
  const unknown = Object.keys(onDisk).filter((name) => !(name in variables));
  if (unknown.length > 0) {
    throw new Error(
      `no builder knows ${unknown.join(", ")}: add the list to ${basename(sourcesFile)} and both builders`,
    );
  }
  for (const name of Object.keys(variables)) {
    if (name.endsWith("_sources")) variables[name] = onDisk[name] ?? [];
  }
  writeFileSync(sourcesFile, JSON.stringify({ variables }, null, 2) + "\n");
}

if (isMain(import.meta.url)) {
  if (process.argv.includes("--write")) write();
  const differences = findDifferences(readSources(), sourcesOnDisk());
  for (const line of differences) console.error(line);
  if (differences.length > 0) {
    console.error("remedy: node scripts/sources.mjs --write");
    process.exit(1);
  }
}
