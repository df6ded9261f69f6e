import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../lib/temporary-directory.ts";

const ROOT = join(import.meta.dirname, "../..");
const MISSING_TOOL = 78;

/** Runs install.mjs of a package that npm has put somewhere, without an addon, on a machine without any tools. */
function install(...args: string[]) {
  const root = join(temporaryDirectory(), "node modules");
  mkdirSync(join(root, "bin"), { recursive: true });
  cpSync(join(ROOT, "scripts/support"), join(root, "scripts/support"), { recursive: true });
  cpSync(join(ROOT, "scripts/install.mjs"), join(root, "scripts/install.mjs"));
  writeFileSync(join(root, "binding.gyp"), "{}");
  return spawnSync(process.execPath, [join(root, "scripts/install.mjs"), ...args], {
    env: { PATH: join(root, "bin") },
    encoding: "utf8",
  });
}

describe("without a compiler", () => {
  it("npm's install goes on, and says what is missing", () => {
    const { status, stderr } = install();
    expect(status).toBe(0);
    expect(stderr).toContain("the CPU addon was not built: c++, make, python3, node-gyp not found");
  });

  it("a build that was asked for has failed", () => {
    const { status, stderr } = install("--asked-for");
    expect(status).toBe(MISSING_TOOL);
    expect(stderr).toContain("the CPU addon was not built");
  });
});

it("a build says so when there is nothing to do", () => {
  const main = join(ROOT, "dist/cli/main.js");
  const { status, stderr } = spawnSync(process.execPath, [main, "build"], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: "flm-train: the CPU addon is there; nothing to build\n",
  });
});
