import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createDirectory } from "../../../lib/export/new-directory.ts";
import { rejection } from "../failure.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const fill = async (partial: string) => writeFileSync(join(partial, "file"), "");

describe("a new directory", () => {
  test("gets its name when it is full, also where an empty one is", async () => {
    const parent = temporaryDirectory();
    const path = join(parent, "a", "b");
    mkdirSync(path, { recursive: true });
    await createDirectory(path, async (partial) => {
      expect(readdirSync(path)).toEqual([]);
      await fill(partial);
    });
    expect(readdirSync(path)).toEqual(["file"]);
    expect(readdirSync(join(parent, "a"))).toEqual(["b"]);
  });

  test("leaves nothing behind when filling it fails", async () => {
    const parent = temporaryDirectory();
    const error = await rejection(
      createDirectory(join(parent, "a"), async () => {
        throw new Error("no more room");
      }),
    );
    expect(error).toMatchObject({ code: "IO", message: expect.stringContaining("no more room") });
    expect(readdirSync(parent)).toEqual([]);
  });

  test("is refused below a file, and where the system takes none", async () => {
    const file = join(temporaryDirectory(), "file");
    writeFileSync(file, "");
    expect((await rejection(createDirectory(join(file, "a"), fill))).code).toBe("IO");
    if (existsSync("/proc/self"))
      expect((await rejection(createDirectory("/proc/none/a", fill))).code).toBe("IO");
  });
});
