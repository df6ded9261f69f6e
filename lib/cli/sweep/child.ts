import { type ChildProcess, spawn } from "node:child_process";
import { ExitCode, FlmError, isErrorCode } from "../../errors.ts";
import { parseOrUndefined } from "../../json.ts";

export interface ChildOutcome {
  /** `ExitCode.interrupted` where Ctrl-C or SIGTERM ended it before it could say so itself. */
  exit_code: number;
  stdout: string;
  /** What ended it, if it did not end by itself. */
  signal: NodeJS.Signals | null;
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
    child.on("close", (code, signal) => {
      const isAsked = signal === "SIGINT" || signal === "SIGTERM";
      const exit_code = code ?? (isAsked ? ExitCode.interrupted : ExitCode.hardware);
      resolve({ exit_code, stdout, signal });
    });
  });
  return { child, outcome };
}

/** What a child said that it failed of, with `--json`; `what` names its work. */
export function childError(what: string, { stdout, signal }: ChildOutcome): FlmError {
  if (signal !== null)
    return new FlmError("INTERNAL", `${what}: ${signal} ended the process`, {
      hint: "SIGKILL mostly means that memory ran out: use fewer --jobs",
    });
  const said = parseOrUndefined(stdout);
  const error = (said ?? {}) as { code?: unknown; message?: unknown; hint?: unknown };
  return new FlmError(
    isErrorCode(error.code) ? error.code : "INTERNAL",
    `${what}: ${String(error.message ?? "the process ended without a word")}`,
    typeof error.hint === "string" ? { hint: error.hint } : {},
  );
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
