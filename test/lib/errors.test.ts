import { describe, expect, test } from "vitest";
import { ioError } from "../../lib/errors.ts";

const refusal = (code: string) => Object.assign(new Error(`${code}: refused`), { code });

describe("an error of the file system", () => {
  test("names what was done to which path, and why it could not be", () => {
    const error = ioError("write", "/there", refusal("EIO"));
    expect(error).toMatchObject({ code: "IO", message: "cannot write /there: EIO: refused" });
    expect(error.hint).toBeUndefined();
  });

  test.each(["ENOSPC", "EDQUOT", "EACCES", "EROFS", "EEXIST", "ENOTDIR"])(
    "%s: what cannot be written there may go elsewhere",
    (code) => {
      expect(ioError("write", "/there", refusal(code)).hint).toContain("--out");
      const { hint } = ioError("write", "/there", refusal(code), "choose another data.cache_dir");
      expect(hint).toContain("choose another data.cache_dir");
      expect(hint).not.toContain("--out");
    },
  );

  test.each(["EACCES", "ENOENT", "EISDIR", "ENOTDIR"])(
    "%s: what cannot be read is nowhere else",
    (code) => {
      const { hint } = ioError("read the config", "/there", refusal(code));
      expect(hint).toBeDefined();
      expect(hint).not.toContain("--out");
    },
  );
});
