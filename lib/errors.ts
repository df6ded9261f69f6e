/**
 * The one error type of the package. `code` is stable and meant for programs; `message` says what is
 * wrong with the field and the value; `hint` says what to do about it.
 */

/** Exit codes of the command line (docs/architecture.md, "Exit codes"). */
export const ExitCode = {
  done: 0,
  usage: 64,
  bad_data: 65,
  diverged: 70,
  hardware: 71,
  io: 74,
  try_again: 75,
  environment: 78,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Every stable error code and the exit code that the command line gives it. */
const EXIT_CODES = {
  USAGE: ExitCode.usage,
  CONFIG_INVALID: ExitCode.usage,
  CONFIG_NOT_FOUND: ExitCode.usage,
  CONFIG_CHANGED: ExitCode.usage,
  GROWTH_INVALID: ExitCode.usage,
  INVALID_ARGUMENT: ExitCode.usage,
  NOT_SUPPORTED: ExitCode.usage,
  DATA_NOT_FOUND: ExitCode.bad_data,
  DATA_EMPTY: ExitCode.bad_data,
  DATA_INVALID: ExitCode.bad_data,
  TOKENIZER_INVALID: ExitCode.bad_data,
  CHECKPOINT_INVALID: ExitCode.bad_data,
  CHECKPOINT_NOT_FOUND: ExitCode.bad_data,
  DIVERGED: ExitCode.diverged,
  DEVICE_FAULT: ExitCode.hardware,
  OUT_OF_MEMORY: ExitCode.usage,
  IO: ExitCode.io,
  COMM_TIMEOUT: ExitCode.try_again,
  COMM_PEER_LOST: ExitCode.try_again,
  COMM_MISMATCH: ExitCode.hardware,
  ENVIRONMENT: ExitCode.environment,
  NATIVE_UNAVAILABLE: ExitCode.environment,
  ENGINE_POISONED: ExitCode.hardware,
  CANCELLED: ExitCode.interrupted,
  INTERNAL: ExitCode.hardware,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

export const ERROR_CODES = Object.keys(EXIT_CODES) as readonly ErrorCode[];

export interface FlmErrorOptions {
  /** What the user can do about it. */
  hint?: string;
  cause?: unknown;
  /** Single findings, when there are several: a path into the config, and where it stands. */
  issues?: readonly Issue[];
  /** The rank that has failed, where it is another one: it says so itself. */
  rank?: number;
}

export interface Issue {
  /** Dotted path, list indices as numbers: `stages.1.hidden_size`. */
  path: string;
  message: string;
  line?: number;
  column?: number;
}

export class FlmError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly issues: readonly Issue[];
  /** The rank that has failed; undefined where it is this one. */
  readonly rank: number | undefined;

  constructor(code: ErrorCode, message: string, options: FlmErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "FlmError";
    this.code = code;
    this.hint = options.hint;
    this.issues = options.issues ?? [];
    this.rank = options.rank;
  }

  get exitCode(): ExitCode {
    return EXIT_CODES[this.code];
  }
}

/** True for a code that `FlmError` knows; codes that arrive from the addon are checked with it. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(EXIT_CODES, code);
}

/**
 * Turns a Node file system error into an `FlmError` that names the path and, for the common cases, the remedy.
 *
 * @param action a verb and what it is done to, for "cannot ACTION PATH"
 * @param instead what else a user who cannot write there can do
 */
export function ioError(
  action: string,
  path: string,
  cause: unknown,
  instead = "choose another directory with --out",
): FlmError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "";
  const remedies = /^(read|list|inspect|open|scandir|stat)\b/.test(action)
    ? READING
    : writing(instead);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FlmError("IO", `cannot ${action} ${path}: ${reason}`, { hint: remedies[code], cause });
}

type Remedies = Readonly<Record<string, string>>;

const READING: Remedies = {
  EACCES: "check the permissions",
  ENOENT: "check the path",
  EISDIR: "name a file, not a directory",
  ENOTDIR: "a part of that path is a file, not a directory; check it",
};

function writing(instead: string): Remedies {
  return {
    ENOSPC: `free space on that disk or ${instead}`,
    EDQUOT: `free space in your quota or ${instead}`,
    EACCES: `check the permissions or ${instead}`,
    EROFS: `that file system is read-only; ${instead}`,
    ENOENT: "check the path",
    EEXIST: `a file has that name; ${instead}`,
    EISDIR: "name a file, not a directory",
    ENOTDIR: `a part of that path is a file, not a directory; check it or ${instead}`,
  };
}
