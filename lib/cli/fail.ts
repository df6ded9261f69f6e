import { ExitCode, FlmError, ioError } from "../errors.ts";
import { printable } from "../format.ts";
import { ONE_OUTPUT } from "../parallel/launch/environment.ts";

/**
 * Says what went wrong, once, and sets the exit code. The message goes to stderr; with `json` one object goes to
 * stdout instead. Of the ranks that one supervisor shows, only the one that has failed says it. What the file system
 * refused is an error of it wherever it comes from; any other error that is not an `FlmError` is a bug of ours and shows
 * its stack.
 */
export function fail(error: unknown, json: boolean): void {
  const known = error instanceof FlmError ? error : refused(error);
  const exit_code = known?.exitCode ?? ExitCode.hardware;
  process.exitCode = exit_code;
  if (json) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = known?.hint ?? null;
    const code = known?.code ?? "INTERNAL";
    process.stdout.write(
      `${JSON.stringify({ status: "error", code, message, hint, exit_code })}\n`,
    );
    return;
  }
  if (known?.rank !== undefined && process.env[ONE_OUTPUT] !== undefined) return;
  if (known) {
    // Both may quote names of files and words of theirs that others have chosen.
    process.stderr.write(`error: ${printable(known.message)}\n`);
    if (known.hint) process.stderr.write(`hint: ${printable(known.hint)}\n`);
    return;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`internal error, please report it: ${stack}\n`);
}

/** The error of the file system that `error` is, if it is one. */
function refused(error: unknown): FlmError | null {
  if (!(error instanceof Error)) return null;
  const { syscall, path } = error as NodeJS.ErrnoException;
  // A working directory that somebody has deleted meanwhile.
  if (syscall === "uv_cwd") return ioError("open", "the working directory", error);
  return syscall === undefined || path === undefined ? null : ioError(syscall, path, error);
}
