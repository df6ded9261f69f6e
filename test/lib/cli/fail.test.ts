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

  test("may have no hint", () => {
    fail(new FlmError("USAGE", "no"), false);
    expect(printed.stderr).toBe("error: no\n");
    expect(process.exitCode).toBe(64);
  });
});

describe("anything else is a bug of ours", () => {
  test("and shows where", () => {
    fail(new TypeError("x is undefined"), false);
    expect(printed.stderr).toContain("please report it: TypeError: x is undefined");
    expect(printed.stderr).toContain("fail.test.ts");
    expect(process.exitCode).toBe(71);
  });

  test("also with --json", () => {
    fail("a string", true);
    expect(JSON.parse(printed.stdout)).toMatchObject({ code: "INTERNAL", message: "a string" });
  });
});
