import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { outliveOutput, type Speaker } from "../../../lib/cli/outlive-output.ts";

class FakeProcess extends EventEmitter implements Speaker {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  exitCode: number | undefined = undefined;

  /** What it would exit with. */
  end(code: number): number {
    this.emit("exit", code);
    return this.exitCode ?? code;
  }
}

function speaking(): FakeProcess {
  const speaker = new FakeProcess();
  outliveOutput(speaker);
  return speaker;
}

const problem = (code: string) => Object.assign(new Error(`${code}: it is so`), { code });

describe("a process that cannot write", () => {
  test.each(["EPIPE", "ENOSPC", "EIO"])("to stderr (%s) goes on as if nothing was", (code) => {
    const speaker = speaking();
    speaker.stderr.emit("error", problem(code));
    speaker.stderr.emit("error", problem(code));
    expect(speaker.end(0)).toBe(0);
  });

  test("to a reader that left has done its work", () => {
    const speaker = speaking();
    speaker.stdout.emit("error", problem("EPIPE"));
    speaker.stdout.emit("error", problem("EPIPE"));
    expect(speaker.end(0)).toBe(0);
    expect(speaker.stderr.read()).toBeNull();
  });

  test("its result says so, once, and ends with 74", () => {
    const speaker = speaking();
    speaker.stdout.emit("error", problem("ENOSPC"));
    speaker.stdout.emit("error", problem("ENOSPC"));
    expect(String(speaker.stderr.read())).toBe("error: cannot write to stdout: ENOSPC: it is so\n");
    expect(speaker.end(0)).toBe(74);
  });

  test("and fails of something else ends with that", () => {
    const speaker = speaking();
    speaker.stdout.emit("error", problem("ENOSPC"));
    expect(speaker.end(75)).toBe(75);
  });
});
