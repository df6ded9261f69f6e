import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FlmError } from "../errors.ts";
import { writeDurably } from "./durable.ts";

/** The file of an attempt that runs, or that a crash has ended. */
const ATTEMPT = /^attempt\.e(\d{4,})$/;

/**
 * The right to write a run's checkpoints, which the latest attempt has. A process that its scheduler has given up may
 * still live, on a machine that was cut off for a while: its attempt is fenced off as soon as the next one starts.
 */
export class Attempt {
  readonly epoch: number;
  readonly #directory: string;
  /** What the file says. Its name is not enough: with --fresh another directory is in the same place. */
  readonly #token = randomUUID();
  readonly #newestEpoch: () => number;

  /**
   * Fences off all attempts before.
   *
   * @param directory the run's, which exists
   * @param newestEpoch looks up the highest epoch of its attempts and checkpoints
   * @throws FlmError ENVIRONMENT where this epoch has been started already, or a later one
   */
  constructor(directory: string, epoch: number, newestEpoch: () => number) {
    this.epoch = epoch;
    this.#directory = directory;
    this.#newestEpoch = newestEpoch;
    if (newestEpoch() >= epoch || !create(this.#file, this.#token)) throw this.#superseded();
    for (const name of readdirSync(directory))
      if (ATTEMPT.test(name) && epochOf(name) < epoch) rmSync(join(directory, name));
  }

  /** @throws FlmError ENVIRONMENT where a later attempt has started */
  refuseSuperseded(): void {
    if (!this.#isLatest()) throw this.#superseded();
  }

  /** What cannot be deleted now goes when the next attempt starts. */
  end(): void {
    try {
      if (this.#isLatest()) rmSync(this.#file);
    } catch {
      // How the run has ended is what counts.
    }
  }

  get #file(): string {
    return join(this.#directory, `attempt.e${String(this.epoch).padStart(4, "0")}`);
  }

  #isLatest(): boolean {
    return existsSync(this.#file) && readFileSync(this.#file, "utf8") === this.#token;
  }

  #superseded(): FlmError {
    const newest = this.#newestEpoch();
    if (newest < this.epoch)
      return new FlmError(
        "ENVIRONMENT",
        `${this.#directory} was deleted or renamed, or another process was there, while this run was writing it`,
        { hint: "put it back; the same command goes on from the last checkpoint that is in it" },
      );
    return new FlmError(
      "ENVIRONMENT",
      `another process has taken over ${this.#directory}: epoch ${newest} has started there, this is epoch ${this.epoch}`,
      { hint: "nothing is lost: the later one goes on from the last checkpoint; end this one" },
    );
  }
}

/** The highest epoch of the attempts that have a file in a run's directory; 0 where there is none. */
export function newestAttempt(directory: string): number {
  if (!existsSync(directory)) return 0;
  const names = readdirSync(directory).filter((name) => ATTEMPT.test(name));
  return Math.max(0, ...names.map(epochOf));
}

function epochOf(name: string): number {
  return Number(ATTEMPT.exec(name)![1]);
}

/** False where the file is there already. */
function create(path: string, text: string): boolean {
  try {
    writeDurably(path, text, "wx");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
