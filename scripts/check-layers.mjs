// The one-way rule: which room may name which. `node scripts/check-layers.mjs` prints every violation.
import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { isMain, root, walk } from "./support/files.mjs";

/** native/: the rooms that a room may include from, beside itself. */
const NATIVE = {
  core: [],
  cpu: ["core"],
  cuda: ["core"],
  comm: ["core"],
  text: ["core"],
  data: ["core"],
  model: ["core", "comm"],
  engine: ["core", "comm", "data", "model"],
  bindings: ["core", "cpu", "cuda", "comm", "text", "data", "model", "engine"],
};

/**
 * lib/: a room may import from itself and from every earlier layer, never from a neighbour in its own layer.
 * Files that lie in lib/ itself are the first layer, but for index.ts, which may import everything. So is the
 * contract with C++: plain data that imports nothing, and that growth and checkpoint make.
 */
const LIB_LAYERS = [
  ["(root)"],
  ["config"],
  ["scaling"],
  ["growth", "parallel", "data", "checkpoint"],
  ["native"],
  ["eval", "plan", "report"],
  ["export"],
  ["train"],
  ["cli"],
  ["index.ts"],
];

const CONTRACT = ["lib/native/plans.ts", "lib/native/types.ts"];

/**
 * @param {{ path: string, text: string }[]} files paths relative to the root
 * @returns {string[]} one line for each violation, "path names room: why it may not"
 */
export function checkLayers(files) {
  return files.flatMap(({ path, text }) => {
    if (path.startsWith("native/")) return checkNative(path, text);
    if (path.startsWith("lib/")) return checkLib(path, text);
    return [];
  });
}

function checkNative(path, text) {
  const room = path.split("/")[1];
  const allowed = NATIVE[room];
  if (!allowed) return [`${path}: native/${room} is not a room of scripts/check-layers.mjs`];
  return matches(text, /^\s*#\s*include\s+"(\w+)\//gm)
    .filter((named) => named in NATIVE && named !== room && !allowed.includes(named))
    .map(
      (named) =>
        `${path} includes from ${named}: ${room} may only include ${["itself", ...allowed].join(", ")}`,
    );
}

function checkLib(path, text) {
  const from = libRoom(path);
  const layer = layerOf(from);
  if (layer < 0) return [`${path}: lib/${from} is not a room of scripts/check-layers.mjs`];
  return matches(text, /(?:\bfrom\s+|\bimport\s*\(?\s*)"(\.[^"]*)"/g)
    .map((specifier) => posix.join(dirname(path), specifier))
    .filter((target) => target.startsWith("lib/"))
    .map(libRoom)
    .filter((to) => to !== from && layerOf(to) >= layer)
    .map(
      (to) =>
        `${path} imports from ${to}: ${from} may only import from itself and from earlier layers`,
    );
}

function libRoom(path) {
  if (CONTRACT.includes(path)) return "(root)";
  const [, first, second] = path.split("/");
  if (second !== undefined) return first;
  return first === "index.ts" ? first : "(root)";
}

const layerOf = (room) => LIB_LAYERS.findIndex((layer) => layer.includes(room));

const matches = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1]);

/** The source files of native/ and lib/. */
export function readSourceFiles() {
  return [...walk(root, "native"), ...walk(root, "lib")]
    .filter((path) => /\.(cpp|h|cu|cuh|inc|ts)$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

if (isMain(import.meta.url)) {
  const violations = checkLayers(readSourceFiles());
  for (const line of violations) console.error(line);
  process.exit(violations.length > 0 ? 1 : 0);
}
