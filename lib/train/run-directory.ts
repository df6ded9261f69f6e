import {
  existsSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isResolved } from "../config/stringify.ts";
import { FlmError, ioError } from "../errors.ts";
import { isAlive, startOf } from "../live-process.ts";
import { makeDirectory } from "../make-directory.ts";
import { readText } from "../read-text.ts";
import { replaceFile } from "../replace-file.ts";

/** How long a directory is waited for, looked at every so often. */
const [LEAVE_MS, LOOK_MS] = [5000, 100];
/** What may lie where a run begins: its lock, hidden files, and logs that a shell or a scheduler opens before. */
const MAY_BE_THERE = /^(lock$|\.)|\.(log|out|err)$/;

/** Locks of runs in this process: their files name a process that lives, yet so do those of an earlier namesake. */
const held = new Set<string>();

/** What lies in the directory of one run (docs/architecture.md, "A run on disk"). */
export class RunDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get config(): string {
    return join(this.path, "config.yaml");
  }
  get tokenizer(): string {
    return join(this.path, "tokenizer.json");
  }
  get data_files(): string {
    return join(this.path, "data-files.json");
  }
  /** What the reference model of objective dpo says of the data. */
  get reference(): string {
    return join(this.path, "reference.json");
  }
  get metrics(): string {
    return join(this.path, "metrics.jsonl");
  }
  get events(): string {
    return join(this.path, "events.jsonl");
  }
  get tensorboard(): string {
    return join(this.path, "tensorboard");
  }
  get checkpoints(): string {
    return join(this.path, "checkpoints");
  }

  /**
   * For a directory in which no run has come far enough to have an attempt or a checkpoint: what lies there is
   * somebody's, unless the config says that a run has begun.
   *
   * @throws FlmError USAGE naming a file that would be overwritten, or else one that a run would lie among
   */
  refuseForeign(): void {
    if (existsSync(this.config) && isResolved(readText(this.config))) return;
    const files = [this.config, this.tokenizer, this.data_files, this.reference];
    files.push(this.metrics, this.events, join(this.path, "report.html"));
    const taken = files.find((file) => existsSync(file));
    if (taken !== undefined)
      throw new FlmError(
        "USAGE",
        `${taken} is not of a run, and a run in that directory writes it`,
        { hint: "choose another directory with --out, or move the file away" },
      );
    const other = readdirSync(this.path).find((name) => !MAY_BE_THERE.test(name));
    if (other !== undefined)
      throw new FlmError("USAGE", `${this.path} holds ${other}, which is not of a run`, {
        hint: "choose another directory with --out: a run has one of its own",
      });
  }

  /** Gives a process that has the directory a moment to leave it: it may have been told to stop just now. */
  async vacated(): Promise<void> {
    for (let waited = 0; waited < LEAVE_MS && this.#isTaken(); waited += LOOK_MS)
      await delay(LOOK_MS);
  }

  /**
   * Moves an existing directory out of the way, to the first free `<path>.old-N`. Returns that name.
   *
   * @throws FlmError ENVIRONMENT when a living process has it.
   */
  setAside(): string | null {
    if (!existsSync(this.path)) return null;
    this.#removeStaleLock();
    let number = 1;
    while (existsSync(`${this.path}.old-${number}`)) number++;
    const to = `${this.path}.old-${number}`;
    try {
      renameSync(this.path, to);
    } catch (cause) {
      throw ioError("rename", this.path, cause);
    }
    return to;
  }

  /**
   * Creates the directory and takes it for this process, until `release` or the process's end. A directory that is
   * created here and holds nothing by then goes again.
   *
   * @throws FlmError ENVIRONMENT when a living process has it.
   */
  claim(): { release: () => void } {
    const lock = this.#lock;
    const owner = `${process.pid} ${startOf(process.pid)}`;
    const isNew = !existsSync(this.path);
    try {
      makeDirectory(this.path);
      this.#removeStaleLock();
      const file = openSync(lock, "wx");
      writeSync(file, owner);
      closeSync(file);
      held.add(lock);
    } catch (cause) {
      if (cause instanceof FlmError) throw cause;
      throw ioError("create", lock, cause);
    }
    const release = () => {
      held.delete(lock);
      removeOwn(lock, owner);
      if (isNew) removeIfEmpty(this.path);
    };
    return { release };
  }

  /** Writes a small file so that it is there whole or not at all. */
  write(path: string, text: string): void {
    replaceFile(path, text);
  }

  get #lock(): string {
    return join(this.path, "lock");
  }

  /** By a process that lives, as the lock says. */
  #isTaken(): boolean {
    const [pid, start] = this.#owner;
    return Number(pid) === process.pid ? held.has(this.#lock) : isAlive(Number(pid), start);
  }

  get #owner(): string[] {
    return existsSync(this.#lock) ? readFileSync(this.#lock, "utf8").split(" ") : [];
  }

  #removeStaleLock(): void {
    const lock = this.#lock;
    const [pid] = this.#owner;
    if (pid === undefined) return;
    if (this.#isTaken())
      throw new FlmError("ENVIRONMENT", `process ${pid} is training in ${this.path}`, {
        hint: `wait for it, stop it, or choose another directory with --out; if no such run exists, delete ${lock}`,
      });
    rmSync(lock, { force: true });
  }
}

/** What cannot be deleted names a process that is gone soon: the next one deletes it. */
function removeOwn(lock: string, owner: string): void {
  try {
    // A process of another machine, which sees nothing of this one, may have taken the directory over.
    if (existsSync(lock) && readFileSync(lock, "utf8") === owner) rmSync(lock, { force: true });
  } catch {
    // How the run has ended is what counts.
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // It holds something, or is gone.
  }
}
