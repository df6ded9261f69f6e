import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { type ErrorCode, FlmError, ioError } from "../errors.ts";
import { readText } from "../read-text.ts";
import { Attempt, newestAttempt } from "./attempt.ts";
import { fsyncDirectory, writeDurably } from "./durable.ts";
import type { HashFiles } from "./hash-files.ts";
import { formatManifest, type Manifest, parseManifest } from "./manifest.ts";

const NAME = /^step-(\d{8,})\.e(\d{4,})$/;
/** The end of every name that belongs to an attempt, also behind the prefixes below. */
const EPOCH = /\.e(\d{4,})$/;
const MANIFEST = "manifest.json";
const LATEST = "LATEST";
/** Prefixes of directories that are not checkpoints: being written, being deleted. */
const PARTIAL = "tmp-";
const DOOMED = "old-";
/** Prefix of a checkpoint that another one of its name is about to replace: until that is there, this one counts. */
const REPLACED = "replaced-";

export interface Checkpoint {
  /** Absolute path of its directory. */
  directory: string;
  manifest: Manifest;
}

/** What is left out of loading, and why. */
export interface Rejected {
  directory: string;
  reason: string;
}

/**
 * The checkpoints of one run. A checkpoint exists only once its directory has its final name, which happens by
 * one rename after everything in it, the manifest last, has reached the disk.
 */
export class CheckpointStore {
  readonly directory: string;
  /** Null where this process is not the one that writes a run. */
  #attempt: Attempt | null = null;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Names of the committed checkpoints, newest first. @throws FlmError IO */
  list(): string[] {
    if (!existsSync(this.directory)) return [];
    return this.#try("list", this.directory, () => readdirSync(this.directory))
      .filter((name) => NAME.test(name))
      .sort((a, b) => compare(position(b), position(a)));
  }

  /** The committed checkpoints, newest first, but for those that another rank is deleting meanwhile. */
  checkpoints(): Checkpoint[] {
    return this.list().flatMap((name) => {
      try {
        return [readCheckpoint(join(this.directory, name))];
      } catch {
        return [];
      }
    });
  }

  /** One more than any attempt that has started or committed a checkpoint here. */
  nextEpoch(): number {
    return this.#newestEpoch() + 1;
  }

  /**
   * Starts an attempt: from here on those before it can neither commit nor delete anything.
   *
   * @throws FlmError ENVIRONMENT where this epoch has been started already, or a later one
   */
  enter(epoch: number): void {
    this.#try("start an attempt in", this.#run, () => {
      this.#attempt = new Attempt(this.#run, epoch, () => this.#newestEpoch());
      if (existsSync(this.directory)) this.#sweep();
    });
  }

  /** Ends the attempt of `enter`. */
  leave(): void {
    this.#attempt?.end();
  }

  /** An empty directory for the shards of a checkpoint that is being written. */
  begin(step: number, epoch: number): string {
    const directory = join(this.directory, `${PARTIAL}${checkpointName(step, epoch)}`);
    this.#try("create", directory, () => {
      this.#attempt?.refuseSuperseded();
      // What a crash left behind must not take the room of what is to be written.
      if (existsSync(this.directory)) this.#sweep();
      mkdirSync(directory, { recursive: true });
    });
    return directory;
  }

  /** Deletes the directory of `begin` after a failure; what cannot be deleted now goes with the next `begin`. */
  abandon(partial: string): void {
    try {
      rmSync(partial, { recursive: true, force: true });
    } catch {
      // The failure that led here is the one to tell of.
    }
  }

  /** Makes the directory of `begin` a checkpoint. Its shards have been fsynced by whoever wrote them. */
  commit(partial: string, manifest: Manifest): Checkpoint {
    const directory = join(this.directory, checkpointName(manifest.step, manifest.epoch));
    this.#try("commit", directory, () => {
      writeDurably(join(partial, MANIFEST), formatManifest(manifest));
      fsyncDirectory(partial);
      // An attempt that starts after this look deletes `partial` first of all, and the rename fails.
      this.#attempt?.refuseSuperseded();
      // A crash between this rename and the next one leaves the old checkpoint under another name.
      if (existsSync(directory)) renameSync(directory, this.#replaced(directory));
      renameSync(partial, directory);
      fsyncDirectory(this.directory);
      this.#pointTo(checkpointName(manifest.step, manifest.epoch));
      rmSync(this.#replaced(directory), { recursive: true, force: true });
    });
    return { directory, manifest };
  }

  /** Makes LATEST name the checkpoint that a run goes on from: a crash right after its commit may have left it behind. */
  adopt({ manifest }: Checkpoint): void {
    this.#try("update", join(this.directory, LATEST), () => {
      this.#attempt?.refuseSuperseded();
      this.#sweep();
      this.#pointTo(checkpointName(manifest.step, manifest.epoch));
    });
  }

  /**
   * Deletes all but the newest `keep`, and what crashes left behind. A rename comes first, so that a half-deleted
   * checkpoint never has a checkpoint's name.
   */
  retain(keep: number): void {
    this.#try("clean up", this.directory, () => {
      this.#attempt?.refuseSuperseded();
      for (const name of this.list().slice(keep)) this.#doom(name);
      this.#sweep();
    });
  }

  /** Deletes all checkpoints that are newer than this one, so that a restart goes on from it too. */
  rewind({ directory }: Checkpoint): void {
    this.#try("clean up", this.directory, () => {
      this.#attempt?.refuseSuperseded();
      const names = this.list();
      for (const name of names.slice(0, names.indexOf(basename(directory)))) this.#doom(name);
      this.#pointTo(basename(directory));
      this.#sweep();
    });
  }

  /**
   * The newest checkpoint that is whole: sizes and hashes of all files agree with its manifest. Null when there is
   * none at all.
   *
   * @throws FlmError CHECKPOINT_INVALID when there are checkpoints and every one is damaged; what `hashFiles` throws of
   *   other things than files
   */
  async newest(
    hashFiles: HashFiles,
  ): Promise<{ checkpoint: Checkpoint | null; rejected: Rejected[] }> {
    const rejected: Rejected[] = [];
    const names = this.list();
    for (const name of names) {
      const directory = join(this.directory, name);
      try {
        return { checkpoint: await openCheckpoint(directory, hashFiles), rejected };
      } catch (error) {
        rejected.push({ directory, reason: damageOf(error) });
      }
    }
    if (names.length === 0) return { checkpoint: null, rejected };
    throw new FlmError(
      "CHECKPOINT_INVALID",
      `no checkpoint in ${this.directory} is whole:\n${rejected.map(({ reason }) => `  ${reason}`).join("\n")}`,
      {
        hint: "restore the files, or train again with --fresh, which keeps the old directory under another name",
      },
    );
  }

  #pointTo(name: string): void {
    const path = join(this.directory, LATEST);
    const text = `${name}\n`;
    // Of anything else the reading might never end.
    const isFile = lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
    if (isFile && readFileSync(path, "utf8") === text) return;
    writeDurably(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
  }

  #replaced(directory: string): string {
    return join(this.directory, REPLACED + basename(directory));
  }

  /** Puts back what a crash, or a failure, kept from being replaced. */
  #restore(): void {
    for (const name of readdirSync(this.directory)) {
      if (!name.startsWith(REPLACED) || this.#isLater(name)) continue;
      const directory = join(this.directory, name.slice(REPLACED.length));
      if (existsSync(directory)) rmSync(this.#replaced(directory), { recursive: true });
      else renameSync(this.#replaced(directory), directory);
    }
  }

  #sweep(): void {
    this.#restore();
    for (const name of readdirSync(this.directory))
      if ((name.startsWith(DOOMED) || name.startsWith(PARTIAL)) && !this.#isLater(name))
        rmSync(join(this.directory, name), { recursive: true, force: true });
  }

  /** Of an attempt after this one. */
  #isLater(name: string): boolean {
    return this.#attempt !== null && epochOf(name) > this.#attempt.epoch;
  }

  /** The run's directory: a run without checkpoints has none for them. */
  get #run(): string {
    return dirname(this.directory);
  }

  #newestEpoch(): number {
    return Math.max(newestAttempt(this.#run), ...this.list().map(epochOf));
  }

  /** Takes a checkpoint its name. A crash may have left one under the name that it gets. */
  #doom(name: string): void {
    const doomed = join(this.directory, `${DOOMED}${name}`);
    rmSync(doomed, { recursive: true, force: true });
    renameSync(join(this.directory, name), doomed);
  }

  #try<T>(action: string, path: string, run: () => T): T {
    try {
      return run();
    } catch (cause) {
      if (cause instanceof FlmError) throw cause;
      throw ioError(action, path, cause);
    }
  }
}

const DAMAGE: readonly ErrorCode[] = ["CHECKPOINT_INVALID", "CHECKPOINT_NOT_FOUND", "IO"];

/**
 * What is wrong with a checkpoint that could not be opened.
 *
 * @throws the error, where it says nothing of the checkpoint: a rank that helped to verify it was lost
 */
export function damageOf(error: unknown): string {
  const isElsewhere =
    error instanceof FlmError && (error.rank !== undefined || !DAMAGE.includes(error.code));
  if (isElsewhere) throw error;
  return error instanceof Error ? error.message : String(error);
}

/** Reads a checkpoint's manifest. @throws FlmError CHECKPOINT_INVALID, CHECKPOINT_NOT_FOUND or IO */
export function readCheckpoint(directory: string): Checkpoint {
  const path = join(directory, MANIFEST);
  if (!existsSync(path))
    throw new FlmError(
      "CHECKPOINT_NOT_FOUND",
      `${directory} is not a checkpoint: it has no ${MANIFEST}`,
      {
        hint: "name a directory like runs/NAME/checkpoints/step-00000100.e0001",
      },
    );
  return { directory, manifest: parseManifest(readText(path), path) };
}

/** The same, with its files verified. */
export async function openCheckpoint(directory: string, hashFiles: HashFiles): Promise<Checkpoint> {
  const { manifest } = readCheckpoint(directory);
  const shards = manifest.files.map(({ name }) => join(directory, name));
  const missing = shards.find((shard) => !existsSync(shard));
  if (missing !== undefined) throw new FlmError("CHECKPOINT_INVALID", `${missing} is missing`);
  const hashes = await hashFiles(shards);
  for (const [i, file] of manifest.files.entries()) {
    const [shard, found] = [shards[i]!, hashes[i]!];
    if (found.size !== file.size)
      throw new FlmError(
        "CHECKPOINT_INVALID",
        `${shard} has ${found.size} bytes, its manifest says ${file.size}`,
      );
    if (found.xxh64 !== file.xxh64)
      throw new FlmError(
        "CHECKPOINT_INVALID",
        `${shard} has hash ${found.xxh64}, its manifest says ${file.xxh64}`,
      );
  }
  return { directory, manifest };
}

export function checkpointName(step: number, epoch: number): string {
  return `step-${String(step).padStart(8, "0")}.e${String(epoch).padStart(4, "0")}`;
}

/** 0 where the name has none. */
function epochOf(name: string): number {
  return Number(EPOCH.exec(name)?.[1] ?? 0);
}

function position(name: string): [step: number, epoch: number] {
  const match = NAME.exec(name)!;
  return [Number(match[1]), Number(match[2])];
}

/** A later attempt counts for more than a later step: it has decided what the run is. */
function compare([stepA, epochA]: [number, number], [stepB, epochB]: [number, number]): number {
  return epochA - epochB || stepA - stepB;
}
