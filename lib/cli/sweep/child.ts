import { type ChildProcess, spawn } from "node:child_process";
import { ExitCode } from "../../errors.ts";

export interface ChildOutcome {
  exit_code: number;
  stdout: string;
}

/** Runs `flm-train` with these arguments; resolves when it has ended. */
export type RunCommand = (
  args: readonly string[],
  env: Record<string, string>,
) => Promise<ChildOutcome>;

/** This program again, in a process of its own: a crash of one run leaves the others alone. */
export function runChild(
  args: readonly string[],
  env: Record<string, string>,
): { child: ChildProcess; outcome: Promise<ChildOutcome> } {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let stdout = "";
  child.stdout.on("data", (text) => (stdout += text));
  const outcome = new Promise<ChildOutcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ exit_code: code ?? ExitCode.interrupted, stdout }));
  });
  return { child, outcome };
}

/**
 * Outlives signals, so that runs in work can save: a terminal's Ctrl-C reaches them by itself, SIGTERM is passed on. No
 * further run should begin once `isThere`.
 */
export class Interruption {
  isThere = false;
  readonly #children = new Set<ChildProcess>();
  readonly #listener = (signal: NodeJS.Signals) => {
    this.isThere = true;
    if (signal === "SIGTERM") for (const child of this.#children) child.kill(signal);
  };

  constructor() {
    process.on("SIGINT", this.#listener).on("SIGTERM", this.#listener);
  }

  readonly run: RunCommand = async (args, env) => {
    const { child, outcome } = runChild(args, env);
    this.#children.add(child);
    try {
      return await outcome;
    } finally {
      this.#children.delete(child);
    }
  };

  stopListening(): void {
    process.off("SIGINT", this.#listener).off("SIGTERM", this.#listener);
  }
}
