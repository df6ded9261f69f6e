import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { FlmError, ioError } from "../../errors.ts";

const MIN_BYTES = 16;
const MAX_BYTES = 4096;
/** The group may read: that is how Kubernetes mounts a Secret for a user who is not root. */
const OPEN_TO_OTHERS = 0o027;

/**
 * What the ranks of a job prove to know.
 *
 * @param path `distributed.secret_file`, else FLM_SECRET_FILE; null where neither is set
 * @param address where rank 0 listens, as a number: other machines reach it unless it is a loopback address
 * @returns empty on loopback without a file
 * @throws FlmError ENVIRONMENT where the file is needed and missing, open to others, or too short; IO
 */
export function readSecret(path: string | null, address: string): Buffer {
  if (path === null) {
    if (isLoopback(address)) return Buffer.alloc(0);
    throw new FlmError(
      "ENVIRONMENT",
      `rank 0 is at ${address}, where other machines can connect, but the ranks have no secret`,
      {
        hint: "umask 077; head -c 32 /dev/urandom | base64 > secret, on a disk that all ranks see; then set distributed.secret_file or FLM_SECRET_FILE to it",
      },
    );
  }
  const { mode, content } = read(path);
  if ((mode & OPEN_TO_OTHERS) !== 0)
    throw new FlmError(
      "ENVIRONMENT",
      `the secret file ${path} has mode 0${(mode & 0o777).toString(8)}: others can read or change it`,
      { hint: `chmod 600 ${path}` },
    );
  const secret = Buffer.from(content.toString("latin1").trimEnd(), "latin1");
  if (secret.length >= MIN_BYTES && secret.length <= MAX_BYTES) return secret;
  throw new FlmError(
    "ENVIRONMENT",
    `the secret file ${path} holds ${secret.length} bytes; from ${MIN_BYTES} to ${MAX_BYTES} are right`,
    { hint: "head -c 32 /dev/urandom | base64 makes a good one" },
  );
}

export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function read(path: string): { mode: number; content: Buffer } {
  try {
    const file = openSync(path, "r");
    try {
      return { mode: fstatSync(file).mode, content: readFileSync(file) };
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw ioError("read the secret file", path, cause);
  }
}
