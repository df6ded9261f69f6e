import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/support/files.mjs";

const SMI = `#!/bin/sh
case $2 in
  *name,driver_version,compute_cap*) echo 'NVIDIA H100 80GB HBM3, 580.1, 9.0' ;;
  *compute_cap*) echo 9.0 ;;
  *name*) echo 'NVIDIA H100 80GB HBM3' ;;
  *driver_version*) echo 580.1 ;;
  *) echo '1980, 1980, 120.5, 700.00, 35, 0, 4' ;;
esac`;

/** A machine with a GPU, as far as the scripts can see: a driver's tool that names one, and a cmake that builds nothing. */
export class FakeGpu {
  readonly folder = mkdtempSync(join(tmpdir(), "flm-gpu-"));

  constructor() {
    for (const name of ["tools", "build"]) mkdirSync(join(this.folder, name));
    this.tool("nvidia-smi", SMI);
    this.tool("cmake", `#!/bin/sh\necho "$@" >> ${this.folder}/cmake.txt`);
  }

  /** A command that comes before the machine's own. */
  tool(name: string, text: string): void {
    this.program(join("tools", name), text);
  }

  /** @param path within the folder; `build` is where the scripts build */
  program(path: string, text: string): void {
    writeFileSync(join(this.folder, path), `${text}\n`);
    chmodSync(join(this.folder, path), 0o755);
  }

  /** @returns the exit status, all that was printed, and the last line on stdout */
  run(
    script: string,
    options: readonly string[],
    env: Record<string, string> = {},
  ): { status: number | null; text: string; last: string } {
    const build = ["--build", join(this.folder, "build")];
    const { status, stdout, stderr } = spawnSync(
      join(root, "scripts", script),
      [...build, ...options],
      {
        encoding: "utf8",
        cwd: this.folder,
        env: {
          PATH: `${join(this.folder, "tools")}:${process.env.PATH}`,
          FLM_COMMIT: "abc123",
          ...env,
        },
      },
    );
    return { status, text: stdout + stderr, last: stdout.trimEnd().split("\n").at(-1)! };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
