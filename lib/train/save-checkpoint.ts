import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { FORMAT, type Manifest } from "../checkpoint/manifest.ts";
import { planSave } from "../checkpoint/plans.ts";
import { type Checkpoint, type CheckpointStore, readCheckpoint } from "../checkpoint/store.ts";
import { FlmError } from "../errors.ts";
import { encodeSavePlan } from "../native/encode.ts";
import type { SavePlan } from "../native/plans.ts";
import type { SavedFile } from "../native/types.ts";
import { plain, type PlainError, revive } from "../parallel/rendezvous/messages.ts";
import { savePartsOf } from "./rank-stage.ts";
import type { Ranks } from "./ranks.ts";
import type { StageEngine } from "./session.ts";

const UNSAVED_HINT =
  "free space on that disk and run the same command again: the checkpoints before are whole (fewer are kept with " +
  "checkpoint.keep, elsewhere with --out)";

export type ManifestFacts = Omit<
  Manifest,
  "format" | "created" | "tensors" | "files" | "optimizer_steps"
>;

/** What a rank says of its part of a checkpoint. */
type Written = { files: SavedFile[] } | { error: PlainError };

export interface Saving {
  /**
   * The checkpoint, once it is committed, and the bytes written.
   *
   * @throws FlmError the first rank's failure, on all ranks
   */
  done: Promise<{ checkpoint: Checkpoint; bytes: number }>;
}

export interface SaveOptions {
  /** Null on a rank that waits. */
  engine: StageEngine | null;
  /** These count on rank 0 alone. */
  facts: ManifestFacts;
  /** Takes what has to reach the disk before the checkpoint does there; none where nothing has. */
  sync?: (() => Promise<void>) | undefined;
  /** The engine's state is copied to memory, and training may go on before the checkpoint is done. */
  behind: boolean;
  /** So many checkpoints stay, this one included. */
  keep: number;
}

/**
 * Begins to write a checkpoint: every rank of the mesh its shards, then rank 0 the manifest. What the engine does after
 * this promise is kept is no part of the checkpoint. One at a time.
 */
export async function saveCheckpoint(
  store: CheckpointStore,
  ranks: Ranks,
  { engine, facts, sync, behind, keep }: SaveOptions,
): Promise<Saving> {
  const partial = await ranks.broadcast(
    "checkpoint/begin",
    ranks.rank === 0 ? store.begin(facts.step, facts.epoch) : "",
  );
  const parts = engine ? savePartsOf(engine.stage, engine.native.tensors()) : [];
  const { plan, tensors } = planSave(partial, parts);
  const optimizer_steps = engine?.optimizerSteps ?? {};
  const written = write(engine, plan, { behind, sync });
  const contents = { ...facts, tensors, optimizer_steps };
  return { done: commit(store, ranks, { partial, written, contents, keep }) };
}

interface Commit {
  partial: string;
  written: Promise<Written>;
  contents: Omit<Manifest, "format" | "created" | "files">;
  keep: number;
}

async function commit(
  store: CheckpointStore,
  ranks: Ranks,
  { partial, written, contents, keep }: Commit,
): Promise<{ checkpoint: Checkpoint; bytes: number }> {
  const isLeader = ranks.rank === 0;
  try {
    const parts = await ranks.gather<Written>("checkpoint/written", await written);
    const saved = parts.flatMap((part, rank) => {
      if ("files" in part) return part.files;
      throw rank === ranks.rank ? revive(part.error) : failureAt(rank, part.error);
    });
    const committed = isLeader
      ? store.commit(partial, {
          format: FORMAT,
          created: new Date().toISOString(),
          ...contents,
          files: saved.map(({ path, size, xxh64 }) => ({ name: basename(path), size, xxh64 })),
        })
      : null;
    // First, so that all ranks that look for a checkpoint to go back to find the same ones.
    if (isLeader) store.retain(keep);
    const directory = await ranks.broadcast("checkpoint/committed", committed?.directory ?? "");
    return {
      checkpoint: committed ?? readCheckpoint(directory),
      bytes: saved.reduce((sum, { size }) => sum + size, 0),
    };
  } catch (error) {
    // On a full disk these bytes would be missing for the next attempt.
    if (isLeader) store.abandon(partial);
    throw error;
  }
}

/** The engine copies its state, where it shall, before this function is left for the first time. */
async function write(
  engine: StageEngine | null,
  plan: SavePlan,
  { behind, sync }: Pick<SaveOptions, "behind" | "sync">,
): Promise<Written> {
  try {
    const files = engine ? await writeShards(engine, plan, behind) : [];
    await sync?.();
    return { files };
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): Written {
  if (error instanceof FlmError && error.code === "IO") return { error: plain(error) };
  throw error;
}

/** Of another rank, which says it too. */
function failureAt(rank: number, error: PlainError): FlmError {
  return revive({ ...error, message: `rank ${rank}: ${error.message}`, rank });
}

async function writeShards(
  { native }: StageEngine,
  plan: SavePlan,
  behind: boolean,
): Promise<SavedFile[]> {
  const bytes = encodeSavePlan(plan);
  const saving = behind ? native.saveBehind(bytes) : native.save(bytes);
  const saved = await saving.catch((error: unknown) => {
    if (!(error instanceof FlmError) || error.code !== "IO") throw error;
    throw new FlmError("IO", error.message, { hint: UNSAVED_HINT, cause: error });
  });
  for (const { path, size } of saved)
    if (!existsSync(path) || statSync(path).size !== size)
      throw new FlmError("IO", `${path} does not have the ${size} bytes that were written to it`, {
        hint: UNSAVED_HINT,
      });
  return saved;
}
