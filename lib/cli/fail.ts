import { ExitCode, FlmError } from "../errors.ts";

/**
 * Says what went wrong, once, and sets the exit code. The message goes to stderr; with `json` one object goes to
 * stdout instead. An error that is not an `FlmError` is a bug of ours and shows its stack.
 */
export function fail(error: unknown, json: boolean): void {
  const known = error instanceof FlmError ? error : null;
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
  if (known) {
    process.stderr.write(`error: ${known.message}\n`);
    if (known.hint) process.stderr.write(`hint: ${known.hint}\n`);
    return;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`internal error, please report it: ${stack}\n`);
}
