import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fail } from "../../../lib/cli/fail.ts";
import { FlmError } from "../../../lib/errors.ts";

let printed: Record<"stdout" | "stderr", string>;

beforeEach(() => {
  printed = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

describe("an FlmError", () => {
  const error = new FlmError("DATA_NOT_FOUND", "data.sources.0: no file", { hint: "check it" });

  test("goes to stderr with its hint", () => {
    fail(error, false);
    expect(printed).toEqual({
      stdout: "",
      stderr: "error: data.sources.0: no file\nhint: check it\n",
    });
    expect(process.exitCode).toBe(65);
  });

  test("of another rank is said where nobody else says it", () => {
    const told = new FlmError("DATA_NOT_FOUND", "rank 0 (here): no file", { rank: 0 });
    fail(told, false);
    expect(printed.stderr).toBe("error: rank 0 (here): no file\n");
    vi.stubEnv("FLM_ONE_OUTPUT", "1");
    fail(told, false);
    expect(printed.stderr).toBe("error: rank 0 (here): no file\n");
    expect(process.exitCode).toBe(65);
    fail(error, false);
    expect(printed.stderr).toMatch(/\nerror: data.sources.0: no file\nhint: check it\n$/);
  });

  test("is one object on stdout with --json", () => {
    fail(error, true);
    expect(printed.stderr).toBe("");
    expect(JSON.parse(printed.stdout)).toEqual({
      status: "error",
      code: "DATA_NOT_FOUND",
      message: "data.sources.0: no file",
      hint: "check it",
      exit_code: 65,
    });
  });

  test("sends nothing to the terminal that a file's name may hold", () => {
    fail(new FlmError("DATA_INVALID", "a\u001b]0;x\u0007.jsonl", { hint: "\u009b31m" }), false);
    expect(printed.stderr).toBe("error: a\\x1b]0;x\\x07.jsonl\nhint: \\x9b31m\n");
  });

  test("may have no hint", () => {
    fail(new FlmError("USAGE", "no"), false);
    expect(printed.stderr).toBe("error: no\n");
    expect(process.exitCode).toBe(64);
  });
});

describe("what the file system refuses", () => {
  test("is an error of it, not a bug of ours", () => {
    let refusal: unknown;
    try {
      readFileSync("/none/of/this");
    } catch (error) {
      refusal = error;
    }
    fail(refusal, false);
    expect(printed.stderr).toMatch(/^error: cannot open \/none\/of\/this: ENOENT.*\nhint: .*\n$/);
    expect(process.exitCode).toBe(74);
  });
});

test("a working directory that is gone is an error of the file system", () => {
  fail(Object.assign(new Error("ENOENT: uv_cwd"), { code: "ENOENT", syscall: "uv_cwd" }), false);
  expect(printed.stderr).toMatch(/^error: cannot open the working directory: ENOENT/);
  expect(process.exitCode).toBe(74);
});

describe("anything else is a bug of ours", () => {
  test("and shows where", () => {
    fail(new TypeError("x is undefined"), false);
    expect(printed.stderr).toContain("please report it: TypeError: x is undefined");
    expect(printed.stderr).toContain("fail.test.ts");
    expect(process.exitCode).toBe(71);
  });

  test.each(["a string", null, undefined])("also with --json, and where %j is thrown", (thrown) => {
    fail(thrown, true);
    const message = String(thrown);
    expect(JSON.parse(printed.stdout)).toMatchObject({ code: "INTERNAL", message });
  });
});
