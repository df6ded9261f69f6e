import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { FlmError, ioError } from "../errors.ts";
import { isAlive, startOf } from "../live-process.ts";

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
   * Creates the directory and takes it for this process, until `release` or the process's end.
   *
   * @throws FlmError ENVIRONMENT when a living process has it.
   */
  claim(): { release: () => void } {
    const lock = this.#lock;
    const owner = `${process.pid} ${startOf(process.pid)}`;
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
      // A process of another machine, which sees nothing of this one, may have taken the directory over.
      if (existsSync(lock) && readFileSync(lock, "utf8") === owner) rmSync(lock, { force: true });
    };
    return { release };
  }

  /** Writes a small file so that it is there whole or not at all. */
  write(path: string, text: string): void {
    try {
      writeFileSync(`${path}.tmp`, text);
      renameSync(`${path}.tmp`, path);
    } catch (cause) {
      throw ioError("write", path, cause);
    }
  }

  get #lock(): string {
    return join(this.path, "lock");
  }

  #removeStaleLock(): void {
    const lock = this.#lock;
    if (!existsSync(lock)) return;
    const [pid, start] = readFileSync(lock, "utf8").split(" ");
    if (Number(pid) === process.pid ? held.has(lock) : isAlive(Number(pid), start))
      throw new FlmError("ENVIRONMENT", `process ${pid} is training in ${this.path}`, {
        hint: `wait for it, stop it, or choose another directory with --out; if no such run exists, delete ${lock}`,
      });
    rmSync(lock, { force: true });
  }
}

/** Like mkdirSync with `recursive`, which never returns in a place like /proc: it has parents and takes no children. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || existsSync(dirname(path))) throw error;
    makeDirectory(dirname(path));
    makeDirectory(path);
  }
}
