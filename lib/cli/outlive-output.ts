import { ExitCode, ioError } from "../errors.ts";

/** As much of `process` as has to do with what it says. */
export interface Speaker {
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
  exitCode?: number | string | null | undefined;
  once(event: "exit", listener: (code: number) => void): unknown;
}

/**
 * Lets a process outlive what it writes to: a terminal that is closed, a log on a full disk, a reader that leaves as
 * `head` does. None is a reason to end a training. A result that could not be written is one not to exit with 0.
 */
export function outliveOutput(speaker: Speaker): void {
  // Who could be told?
  speaker.stderr.on("error", () => {});
  speaker.stdout.once("error", (error: NodeJS.ErrnoException) => {
    speaker.stdout.on("error", () => {});
    if (error.code === "EPIPE") return;
    speaker.stderr.write(`error: ${ioError("write to", "stdout", error).message}\n`);
    speaker.once("exit", (code) => {
      if (code === ExitCode.done) speaker.exitCode = ExitCode.io;
    });
  });
}
