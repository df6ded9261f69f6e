import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FlmError, isErrorCode } from "../errors.ts";
import type { NativeBinding } from "./types.ts";

/** A place where the addon was looked for, and why it was not taken from there. */
export interface NativeAttempt {
  path: string;
  reason: string;
}

/** `binding` is null when no place had a usable addon; `attempts` are the places that were passed over. */
export type NativeLoad =
  | { binding: NativeBinding; path: string; attempts: readonly NativeAttempt[] }
  | { binding: null; attempts: readonly NativeAttempt[] };

export interface NativeCandidate {
  path: string;
  /** Load it in a child process first: a CUDA build may crash on a broken driver, and not only throw. */
  probe: boolean;
}

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("../..", import.meta.url)); // of lib/native and of dist/native alike
const PROBE_TIMEOUT_MS = 60_000;

let loaded: NativeLoad | undefined;

/**
 * The addon. @throws FlmError NATIVE_UNAVAILABLE with every place that was tried and what to do.
 */
export function loadNative(): NativeBinding {
  const load = tryLoadNative();
  if (load.binding === null) throw unavailable(load.attempts);
  return load.binding;
}

/** Like `loadNative`, but says why there is no addon instead of throwing. Searched once a process. */
export function tryLoadNative(): NativeLoad {
  return (loaded ??= loadFirst(nativeCandidates()));
}

/** The addon where something has needed it; null otherwise. */
export function loadedNative(): NativeBinding | null {
  return loaded?.binding ?? null;
}

/**
 * Where the addon may be, best first. FLM_NATIVE is an order, not a suggestion: nothing else is tried, so that
 * a mistyped path is not answered by another build.
 */
export function nativeCandidates(env: NodeJS.ProcessEnv = process.env): NativeCandidate[] {
  if (env.FLM_NATIVE) return [{ path: resolve(env.FLM_NATIVE), probe: false }];
  return [
    { path: join(root, "build-cuda", "Release", "flm.node"), probe: true },
    {
      path: join(root, "prebuilds", `${process.platform}-${process.arch}`, "flm.node"),
      probe: false,
    },
    { path: join(root, "build", "Release", "flm.node"), probe: false },
  ];
}

/** Takes the first candidate that loads and speaks this package's ABI. */
export function loadFirst(candidates: readonly NativeCandidate[]): NativeLoad {
  const attempts: NativeAttempt[] = [];
  for (const { path, probe } of candidates) {
    try {
      if (!existsSync(path)) throw new Error("there is no such file");
      if (probe) probeInChild(path);
      return { binding: open(path), path, attempts };
    } catch (error) {
      attempts.push({ path, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { binding: null, attempts };
}

function probeInChild(path: string): void {
  const script = "require(process.argv[1]).devices()";
  try {
    execFileSync(process.execPath, ["-e", script, path], {
      stdio: "pipe",
      timeout: PROBE_TIMEOUT_MS,
    });
  } catch (error) {
    const { status, signal, stderr } = error as {
      status?: number;
      signal?: string;
      stderr?: Buffer;
    };
    const said = stderr?.toString().match(/^\w*Error: .*$/m)?.[0];
    const end = signal ?? `exit code ${status}`;
    throw new Error(`a trial in a child process ended with ${end}${said ? `: ${said}` : ""}`, {
      cause: error,
    });
  }
}

function open(path: string): NativeBinding {
  const binding = require(path) as NativeBinding;
  const expected = packageAbi();
  if (binding.abi !== expected) {
    throw new Error(
      `it has ABI ${binding.abi}, this version of flm-train needs ${expected}: build it again`,
    );
  }
  binding.setErrorClass(
    (code, message) => new FlmError(isErrorCode(code) ? code : "INTERNAL", message),
  );
  return binding;
}

/** The number that both builders compile into the addon. */
function packageAbi(): number {
  const sources = JSON.parse(readFileSync(join(root, "native", "sources.json"), "utf8")) as {
    variables: { abi: string };
  };
  return Number(sources.variables.abi);
}

function unavailable(attempts: readonly NativeAttempt[]): FlmError {
  const tried = attempts.map(({ path, reason }) => `\n  ${path}: ${reason}`).join("");
  const remedies = [
    "install g++, make and python3, then run: npx flm-train build (in a clone: npm run build)",
    "for NVIDIA GPUs, with the CUDA toolkit installed: npx flm-train build --cuda",
    "or set FLM_NATIVE to the path of an flm.node built elsewhere",
  ];
  if (process.platform !== "linux") {
    remedies.unshift(
      `run it on Linux (a container or WSL will do): ${process.platform} is not supported`,
    );
  }
  return new FlmError(
    "NATIVE_UNAVAILABLE",
    `the native addon could not be loaded; tried:${tried}`,
    {
      hint: remedies.map((remedy, i) => `${i + 1}. ${remedy}`).join("\n"),
    },
  );
}
