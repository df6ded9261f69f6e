import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../../scripts/support/files.mjs";

const MODULE = join(root, "bench/support/options.mjs");
const OPTIONS = {
  rounds: { value: "N", least: 1, default: 5, help: "of each side" },
  shape: { value: "NAME", among: ["a", "b"], multiple: true, default: ["a"], help: "model" },
  seeds: { value: "N,N", list: true, least: 0, default: "1,2", help: "of each run" },
  hours: { value: "H", above: 0, help: "at most" },
  list: { help: "train nothing" },
};

/** What a benchmark with these options makes of a command line. */
function read(...args: string[]) {
  const program = `import { readOptions } from ${JSON.stringify(MODULE)};
console.log(JSON.stringify(readOptions("node bench.mjs", ${JSON.stringify(OPTIONS)})));`;
  const node = ["--input-type=module", "-e", program, "--", ...args];
  return spawnSync(process.execPath, node, { encoding: "utf8" });
}

test("a benchmark reads numbers, names and lists, with their defaults", () => {
  const plain = { rounds: 5, shape: ["a"], seeds: [1, 2] };
  expect(JSON.parse(read().stdout)).toEqual(plain);
  const given = read(
    "--rounds",
    "7",
    "--shape=b",
    "--shape=a",
    "--seeds=3",
    "--hours=.5",
    "--list",
  );
  expect(JSON.parse(given.stdout)).toEqual({
    rounds: 7,
    shape: ["b", "a"],
    seeds: [3],
    hours: 0.5,
    list: true,
  });
});

test("--help says what it takes", () => {
  const { status, stdout } = read("--help");
  expect(status).toBe(0);
  expect(stdout).toBe(`node bench.mjs [options]
  --rounds N    of each side (default 5)
  --shape NAME  a | b: model; repeatable (default a)
  --seeds N,N   of each run (default 1,2)
  --hours H     at most
  --list        train nothing
`);
});

test.each([
  ["--round", "Unknown option '--round'"],
  ["--rounds=0", "--rounds is 0; it must be a whole number from 1 on"],
  ["--rounds=", "--rounds is ; it must be a whole number"],
  ["--shape=c", "--shape is c; it must be one of a, b"],
  ["--seeds=1,x", "--seeds is x; it must be a whole number from 0 on"],
  ["--hours=0", "--hours is 0; it must be a number above 0"],
  ["here", "here"],
])("what it does not take is refused: %s", (argument, says) => {
  const { status, stderr } = read(argument);
  expect(status).toBe(64);
  expect(stderr).toContain(says);
  expect(stderr).toContain("node bench.mjs [options]");
});
