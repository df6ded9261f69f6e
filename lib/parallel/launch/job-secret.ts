import { randomBytes } from "node:crypto";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ioError } from "../../errors.ts";

const SECRET_BYTES = 32;

/**
 * A file with a new secret for one job, which has a descriptor but no name any more: children inherit it, nobody else
 * can open it, and nothing is left behind however this process ends.
 *
 * @returns the descriptor
 */
export function openJobSecret(): number {
  let directory: string | null = null;
  try {
    directory = mkdtempSync(join(tmpdir(), "flm-"));
    const path = join(directory, "secret");
    writeFileSync(path, randomBytes(SECRET_BYTES).toString("hex"), { mode: 0o600, flag: "wx" });
    return openSync(path, "r");
  } catch (cause) {
    throw ioError(
      "keep the job's secret in TMPDIR,",
      tmpdir(),
      cause,
      "set TMPDIR to another directory",
    );
  } finally {
    if (directory !== null) rmSync(directory, { recursive: true, force: true });
  }
}
