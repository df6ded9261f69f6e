import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, linkSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../lib/temporary-directory.ts";

const ROOT = join(import.meta.dirname, "../..");
const MISSING_TOOL = 78;
const TOOLS = ["c++", "make", "python3"];

/** A package that npm has put somewhere, without an addon, and a machine with a Node and these tools alone. */
class Machine {
  readonly #root = temporaryDirectory();
  /** Beside PATH. */
  readonly env: Record<string, string> = {};
  readonly #package = join(this.#root, "node modules/flm-train");
  readonly #node = join(this.#root, "usr/bin/node");

  constructor(tools: readonly string[] = []) {
    for (const from of ["scripts/support", "scripts/install.mjs"])
      cpSync(join(ROOT, from), join(this.#package, from), { recursive: true });
    this.write("node modules/flm-train/binding.gyp", "{}");
    for (const tool of tools) this.write(`usr/bin/${tool}`, "#!/bin/sh\n");
    mkdirSync(dirname(this.#node), { recursive: true });
    try {
      linkSync(process.execPath, this.#node);
    } catch {
      copyFileSync(process.execPath, this.#node); // on another file system
    }
  }

  /** @returns where it lies */
  write(path: string, text: string): string {
    const file = join(this.#root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o755 });
    return file;
  }

  install(...args: string[]) {
    return spawnSync(this.#node, [join(this.#package, "scripts/install.mjs"), ...args], {
      env: { PATH: dirname(this.#node), ...this.env },
      encoding: "utf8",
    });
  }
}

describe("without a compiler", () => {
  it("npm's install goes on, and says what is missing", () => {
    const { status, stderr } = new Machine().install();
    expect(status).toBe(0);
    expect(stderr).toContain(`not built: ${TOOLS.join(", ")}, node-gyp not found`);
    expect(stderr).toContain("apt-get install");
  });

  it("a build that was asked for has failed", () => {
    const { status, stderr } = new Machine().install("--asked-for");
    expect(status).toBe(MISSING_TOOL);
    expect(stderr).toContain("the CPU addon was not built");
  });
});

it("a compiler may be named by its path", () => {
  const machine = new Machine(["make", "python3"]);
  machine.env.CXX = machine.write("opt/gcc/bin/g++", "#!/bin/sh\n");
  expect(machine.install().stderr).toContain("not built: node-gyp not found");
  machine.env.CXX = "/opt/none/g++";
  expect(machine.install().stderr).toContain("not built: /opt/none/g++, node-gyp not found");
});

it("what node-gyp fails at is told", () => {
  const machine = new Machine(TOOLS); // its python3 is none
  machine.env.npm_config_node_gyp = join(ROOT, "node_modules/node-gyp/bin/node-gyp.js");
  const { status, stderr } = machine.install("--asked-for");
  expect(status).toBe(1);
  expect(stderr).toContain("gyp ERR! find Python");
  expect(stderr).toContain("no headers of Node beside");
  machine.env.npm_config_nodedir = "/opt/node";
  expect(machine.install("--asked-for").stderr).not.toContain("no headers of Node");
});

describe("without npm, as pnpm and a global installation start it", () => {
  it("node-gyp is the one of the npm beside Node", () => {
    const machine = new Machine(TOOLS);
    machine.write(
      "usr/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js",
      `console.log("this node-gyp cannot " + process.argv.slice(2, 4)); process.exit(3);`,
    );
    const { status, stderr } = machine.install("--asked-for");
    expect(stderr).toContain("this node-gyp cannot configure,build");
    expect(status).toBe(3);
  });

  it("and where there is none, the remedy is npm", () => {
    const { stderr } = new Machine(TOOLS).install();
    expect(stderr).toContain("not built: node-gyp not found");
    expect(stderr).toContain("Remedy: npx flm-train build, which finds npm's node-gyp");
    expect(stderr).not.toContain("apt-get");
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
