import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../lib/temporary-directory.ts";
import { child } from "./ranks.ts";

const COMPILER = process.env.CXX?.split(" ") ?? ["c++"];

/** Why no trap can be set in the addon here; null where one can. */
export function whyNoTrap(): string | null {
  if (!["x64", "arm64"].includes(process.arch)) return `no trap is known for ${process.arch}`;
  const missing = [COMPILER.at(-1)!, "nm"].filter(
    (program) => spawnSync("which", [program]).status !== 0,
  );
  return missing.length === 0 ? null : `${missing.join(", ")} missing: apt-get install g++`;
}

export interface Target {
  rank: number;
  /** Which call of which method of the rank's engines. */
  call: `step ${number}` | `save ${number}`;
  /** A C++ function with its namespaces: what happens to the rank happens at its first call in there. */
  target: string;
  deed: "kill" | "hang";
}

/** Has one rank of a run die or hang in the midst of a native call (children/aim-at.mjs). */
export class Aim {
  readonly nodeOptions = ["--import", child("aim-at.mjs")];
  readonly env: Record<string, string>;
  readonly #file: string;

  constructor({ rank, call, target, deed }: Target) {
    const directory = temporaryDirectory();
    const trap = join(directory, "trap.node");
    const [compiler, ...options] = COMPILER as [string, ...string[]];
    execFileSync(compiler, [...options, "-shared", "-fPIC", "-o", trap, child("trap.cpp")]);
    this.#file = join(directory, "struck");
    this.env = {
      FLM_TEST_AIM: `${rank} ${call} ${target}`,
      FLM_TEST_TRAP: trap,
      FLM_TEST_TRAP_FILE: this.#file,
      FLM_TEST_TRAP_DEED: deed,
    };
  }

  /** Whether the rank got to the function, and so met its fate there and nowhere else. */
  get hasStruck(): boolean {
    return existsSync(this.#file);
  }
}
