import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WorkDirectory } from "../../../../lib/data/corpus/work-directory.ts";
import { processSpace, startOf } from "../../../../lib/live-process.ts";
import { directoryWith } from "../support.ts";

const KEY = "0123456789abcdef0123456789abcdef";
/** Above every process number of Linux. */
const NO_PROCESS = 2 ** 22 + 1;

/** A directory with one work directory in it, which holds a file and was touched so many seconds ago. */
function left(owner: string, secondsAgo = 0, key = KEY): string {
  const parent = directoryWith();
  const path = join(parent, `tmp-${key}-${owner}`);
  mkdirSync(path);
  writeFileSync(join(path, "begun"), "");
  const then = new Date(Date.now() - 1000 * secondsAgo);
  utimesSync(path, then, then);
  return parent;
}

/** Whether the next call goes on with what lies there. */
function isTaken(parent: string): boolean {
  const work = WorkDirectory.take(parent, KEY);
  try {
    return existsSync(join(work.path, "begun"));
  } finally {
    work.remove();
  }
}

describe("what another process has begun", () => {
  it.each([
    ["of a dead process is taken", `${NO_PROCESS}-1-0-${processSpace()}`, 0, true],
    [
      "of an earlier process of this number is taken",
      `${process.pid}-1-0-${processSpace()}`,
      0,
      true,
    ],
    ["of a living process is left alone", `1-${startOf(1)}-0-${processSpace()}`, 1e5, false],
    ["of a namesake of one is taken", `1-4711-0-${processSpace()}`, 0, true],
    [
      "of a namesake in another container is left alone",
      `${process.pid}-1-0-${hostname()}.1`,
      60,
      false,
    ],
    ["of another machine is left alone", "77-1-0-else-where", 60, false],
    ["of another machine is taken once it is silent", "77-1-0-else-where", 600, true],
  ])("%s", (_, owner, secondsAgo, expected) => {
    expect(isTaken(left(owner, secondsAgo))).toBe(expected);
  });

  it("is not taken for another corpus, and is deleted after a week", () => {
    const other = "f".repeat(32);
    const owner = `${NO_PROCESS}-1-0-${processSpace()}`;
    const fresh = left(owner, 3600, other);
    expect(isTaken(fresh)).toBe(false);
    expect(readdirSync(fresh)).toHaveLength(1);
    const old = left(owner, 8 * 24 * 3600, other);
    expect(isTaken(old)).toBe(false);
    expect(readdirSync(old)).toHaveLength(0);
  });
});

it("two of one process do not share, and what one releases the next takes", () => {
  const parent = directoryWith();
  const [first, second] = [WorkDirectory.take(parent, KEY), WorkDirectory.take(parent, KEY)];
  expect(first.path).not.toBe(second.path);
  writeFileSync(join(first.path, "begun"), "");
  first.release();
  expect(isTaken(parent)).toBe(true);
  second.remove();
  expect(readdirSync(parent)).toEqual([]);
});
