import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { RunDirectory } from "../../../lib/train/run-directory.ts";
import { failure } from "../failure.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const runDirectory = () => new RunDirectory(join(temporaryDirectory(), "runs", "mini"));

/** Above the largest process id that Linux gives. */
const NO_PROCESS = String(2 ** 22 + 1);

describe("set aside", () => {
  test("does nothing where nothing is", () => {
    expect(runDirectory().setAside()).toBeNull();
  });

  test("takes the first free name and deletes nothing", () => {
    const directory = runDirectory();
    for (const [i, name] of ["first", "second"].entries()) {
      mkdirSync(directory.path, { recursive: true });
      writeFileSync(directory.config, name);
      expect(directory.setAside()).toBe(`${directory.path}.old-${i + 1}`);
    }
    expect(existsSync(directory.path)).toBe(false);
    expect(readFileSync(`${directory.path}.old-1/config.yaml`, "utf8")).toBe("first");
    expect(readFileSync(`${directory.path}.old-2/config.yaml`, "utf8")).toBe("second");
  });
});

test("what a living process trains in is not set aside", () => {
  const directory = runDirectory();
  const { release } = directory.claim();
  expect(failure(() => directory.setAside()).code).toBe("ENVIRONMENT");
  release();
});

describe("a directory that holds something", () => {
  const holding = (files: Record<string, string>) => {
    const directory = runDirectory();
    mkdirSync(directory.path, { recursive: true });
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(directory.path, name), text);
    return directory;
  };

  test.each([
    ["nothing", {}],
    ["a log that was opened before", { "run.log": "", lock: "1 1", ".gitignore": "*" }],
    [
      "a run that has just begun",
      { "config.yaml": "# Resolved by flm-train 0.1.0: …", "events.jsonl": "" },
    ],
    ["a config that a crash has left empty", { "config.yaml": "" }],
  ])("is taken with %s", (_, files) => {
    holding(files).refuseForeign();
  });

  test.each(["config.yaml", "tokenizer.json", "events.jsonl", "report.html"])(
    "is refused with somebody's %s, which would be overwritten",
    (name) => {
      const { code, message, hint } = failure(() => holding({ [name]: "mine" }).refuseForeign());
      expect(code).toBe("USAGE");
      expect(message).toContain(`${name} is not of a run`);
      expect(hint).toContain("--out");
    },
  );
});

test("a directory that holds something else is refused: a run would lie among it", () => {
  const directory = runDirectory();
  mkdirSync(directory.path, { recursive: true });
  writeFileSync(join(directory.path, "chapter-1.txt"), "mine");
  const { code, message, hint } = failure(() => directory.refuseForeign());
  expect(code).toBe("USAGE");
  expect(message).toContain(`${directory.path} holds chapter-1.txt`);
  expect(hint).toContain("--out");
});

describe("claim", () => {
  test("creates the directory; release gives it back, and leaves none that holds nothing", () => {
    const directory = runDirectory();
    const { release } = directory.claim();
    expect(readFileSync(join(directory.path, "lock"), "utf8")).toMatch(RegExp(`^${process.pid} `));
    release();
    expect(existsSync(directory.path)).toBe(false);
  });

  test("leaves a directory that was there, or holds something by then", () => {
    const directory = runDirectory();
    const first = directory.claim();
    writeFileSync(directory.events, "");
    first.release();
    expect(readdirSync(directory.path)).toEqual(["events.jsonl"]);
    rmSync(directory.events);
    directory.claim().release();
    expect(existsSync(directory.path)).toBe(true);
  });

  test("is not given back where another process has taken it over", () => {
    const directory = runDirectory();
    const { release } = directory.claim();
    const lock = join(directory.path, "lock");
    writeFileSync(lock, "1 1");
    release();
    expect(readFileSync(lock, "utf8")).toBe("1 1");
  });

  test("given back where the lock cannot be deleted hides nothing that a run has ended with", () => {
    const directory = runDirectory();
    const { release } = directory.claim();
    const lock = join(directory.path, "lock");
    rmSync(lock);
    mkdirSync(lock);
    release();
    expect(existsSync(lock)).toBe(true);
  });

  test("is refused while a living process has it", () => {
    const directory = runDirectory();
    mkdirSync(directory.path, { recursive: true });
    writeFileSync(join(directory.path, "lock"), String(process.ppid));
    const { code, message, hint } = failure(() => directory.claim());
    expect(code).toBe("ENVIRONMENT");
    expect(message).toContain(`process ${process.ppid} is training in ${directory.path}`);
    expect(hint).toContain("--out");
  });

  test("is refused while this process has it", () => {
    const directory = runDirectory();
    const { release } = directory.claim();
    expect(failure(() => new RunDirectory(directory.path).claim()).code).toBe("ENVIRONMENT");
    release();
    directory.claim().release();
  });

  test.each([
    ["a process that is gone", NO_PROCESS],
    ["an earlier process with this one's number", String(process.pid)],
    ["an earlier process with the number of one that lives", `${process.ppid} 1`],
    ["a crash before the number was written", ""],
    ["nobody knows whom", "-1"],
  ])("takes the lock over from %s", (_, owner) => {
    const directory = runDirectory();
    mkdirSync(directory.path, { recursive: true });
    writeFileSync(join(directory.path, "lock"), owner);
    directory.claim().release();
  });

  test.each(["/dev/null/run", "/proc/run"])("%s, which cannot be, is refused by name", (path) => {
    const { code, message } = failure(() => new RunDirectory(path).claim());
    expect(code).toBe("IO");
    expect(message).toContain(`${path}/lock`);
  });
});

test("a small file is replaced whole", () => {
  const directory = runDirectory();
  mkdirSync(directory.path, { recursive: true });
  directory.write(directory.config, "old");
  directory.write(directory.config, "new");
  expect(readFileSync(directory.config, "utf8")).toBe("new");
  expect(readdirSync(directory.path)).toEqual(["config.yaml"]);
});
