import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The program. */
export const MAIN = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

/** A child that hangs fails its test instead of the whole run. Generous: machines that test are busy. */
const LIMIT_MS = 100_000;

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd: string;
  env?: Record<string, string>;
  /** For node itself, such as a module to load first. */
  nodeOptions?: readonly string[];
}

export interface Running {
  child: ChildProcessWithoutNullStreams;
  outcome: Promise<Outcome>;
}

/** Starts `flm-train <args>`, as a user's shell would. One thread: the results do not depend on their number. */
export function start(args: readonly string[], options: RunOptions): Running {
  const { cwd, env = {}, nodeOptions = [] } = options;
  return startNode([...nodeOptions, MAIN, ...args], { cwd, env });
}

export function startNode(args: readonly string[], options: RunOptions): Running {
  return startProgram([process.execPath, ...args], options);
}

export function startProgram(command: readonly string[], { cwd, env = {} }: RunOptions): Running {
  const [program, ...args] = command as [string, ...string[]];
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, FLM_THREADS: "1", ...env },
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text) => (stdout += text));
  child.stderr.on("data", (text) => (stderr += text));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, outcome };
}

/** Runs `flm-train <args>` to its end. */
export function flm(args: readonly string[], options: RunOptions): Promise<Outcome> {
  return start(args, options).outcome;
}

/** Like `flm`, but anything except success fails the test, and shows what was said. */
export async function succeed(args: readonly string[], options: RunOptions): Promise<Outcome> {
  const outcome = await flm(args, options);
  if (outcome.code !== 0) throw new Error(`flm-train ${args.join(" ")}: ${describe(outcome)}`);
  return outcome;
}

/** The one object that a command prints with --json. */
export function json(outcome: Outcome): Record<string, unknown> {
  try {
    return JSON.parse(outcome.stdout) as Record<string, unknown>;
  } catch (cause) {
    throw new Error(`stdout is not one JSON object: ${describe(outcome)}`, { cause });
  }
}

export function describe({ code, signal, stdout, stderr }: Outcome): string {
  return `exit ${signal ?? code}\nstdout: ${stdout}\nstderr: ${stderr}`;
}
