import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { chooseNvcc, installedNvccs } from "../../scripts/support/nvcc.mjs";
import { temporaryDirectory } from "../lib/temporary-directory.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A cmake-js that writes down what it is told, and leaves behind what CMake does. */
const CMAKE_JS = `
const fs = require("node:fs");
fs.appendFileSync("calls.txt", JSON.stringify(process.argv.slice(2)) + "\\n");
if (process.argv[2] === "configure") {
  const found = fs.existsSync("build-cuda/CMakeCache.txt");
  fs.appendFileSync("calls.txt", (found ? "with" : "without") + " a cache\\n");
  fs.mkdirSync("build-cuda/CMakeFiles", { recursive: true });
  fs.writeFileSync("build-cuda/CMakeCache.txt", "");
}
`;

/** An installed package on a machine with tools for C++ and the CUDA toolkits that a test puts there. */
class Machine {
  readonly folder = temporaryDirectory();
  readonly #package = join(this.folder, "flm-train");

  constructor() {
    for (const path of ["scripts/support", "scripts/build-cuda.mjs", "native/sources.json"])
      cpSync(join(ROOT, path), join(this.#package, path), { recursive: true });
    this.write("flm-train/binding.gyp", "{}");
    this.write("flm-train/node_modules/cmake-js/package.json", "{}");
    this.write("flm-train/node_modules/cmake-js/bin/cmake-js", CMAKE_JS);
    for (const tool of ["cmake", "g++", "make"]) this.write(`bin/${tool}`, "#!/bin/sh\n");
  }

  write(path: string, text: string): string {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o755 });
    return file;
  }

  nvcc(folder: string, release: string): string {
    return this.write(
      `${folder}/nvcc`,
      `#!/bin/sh\necho 'compilation tools, release ${release},'\n`,
    );
  }

  /** @param home the toolkit that CUDA_HOME names */
  build(home: string, ...args: string[]) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(this.#package, "scripts/build-cuda.mjs"), ...args],
      {
        env: { PATH: join(this.folder, "bin"), CUDA_HOME: join(this.folder, home) },
        encoding: "utf8",
      },
    );
    return { status, stderr };
  }

  /** What cmake-js was told since the last time. */
  calls(): string {
    const file = join(this.#package, "calls.txt");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, "");
    return text;
  }

  has(path: string): boolean {
    return existsSync(join(this.#package, path));
  }
}

describe("the CUDA addon", () => {
  it("is built for the architectures of the list, whatever an earlier call was for", () => {
    const machine = new Machine();
    machine.nvcc("cuda/bin", "13.0");
    expect(machine.build("cuda", "--arch", "90a-real").status).toBe(0);
    expect(machine.calls()).toContain('"--CDCMAKE_CUDA_ARCHITECTURES=90a-real"');
    expect(machine.build("cuda").status).toBe(0);
    const calls = machine.calls();
    expect(calls).toContain('"--CDCMAKE_CUDA_ARCHITECTURES=80-real;90a-real;100"');
    expect(calls).toContain("with a cache");
  });

  it("is configured from nothing where another toolkit builds it, and the one there stays until then", () => {
    const machine = new Machine();
    machine.nvcc("old/bin", "12.8");
    machine.nvcc("new/bin", "13.0");
    machine.build("old");
    machine.write("flm-train/build-cuda/Release/flm.node", "");
    machine.calls();
    expect(machine.build("new").status).toBe(0);
    expect(machine.calls()).toMatch(/without a cache\n.*"build"/);
    expect(machine.has("build-cuda/Release/flm.node")).toBe(true);
    machine.nvcc("new/bin", "13.1"); // the same path
    machine.build("new");
    expect(machine.calls()).toContain("without a cache");
    machine.write("bin/ninja", "#!/bin/sh\n");
    machine.build("new");
    expect(machine.calls()).toContain("without a cache");
  });
});

describe("nvcc", () => {
  const at = (path: string, ...version: number[]) => ({ path, version });

  it("is the first that is new enough", () => {
    const installed = [at("/usr/bin/nvcc", 11, 5), at("/opt/nvcc", 12, 8), at("/new/nvcc", 13, 0)];
    expect(chooseNvcc(installed, true)).toEqual({ nvcc: installed[1] });
  });

  it("may be older where the architectures are chosen", () => {
    const installed = [at("/usr/bin/nvcc", 12, 4)];
    expect(chooseNvcc(installed, false)).toEqual({ nvcc: installed[0] });
    expect(chooseNvcc(installed, true)).toEqual({
      missing:
        "nvcc: /usr/bin/nvcc is of CUDA 12.4; install NVIDIA's CUDA toolkit 12.8 or later and put its bin folder on PATH, or set CUDA_HOME",
    });
  });

  it("that does not tell its version is tried", () => {
    const installed = [{ path: "/odd/nvcc", version: null }];
    expect(chooseNvcc(installed, true)).toEqual({ nvcc: installed[0] });
  });

  it("is the one in CUDA_HOME, or else on PATH and in the usual place", () => {
    const machine = new Machine();
    const old = machine.nvcc("home/bin", "12.4");
    const usual = machine.nvcc("usual/bin", "13.0");
    const folder = (name: string) => join(machine.folder, name);
    const inHome = installedNvccs({ CUDA_HOME: folder("home") }, folder("usual"));
    expect(inHome).toEqual([{ path: old, version: [12, 4] }]);
    for (const env of [{}, { CUDA_HOME: folder("none") }])
      expect(installedNvccs(env, folder("usual")).at(-1)).toEqual({
        path: usual,
        version: [13, 0],
      });
  });
});
