import { loadNative } from "../native/load.ts";
import type { NativeWorld, NcclFacts, RankEndpoint } from "../native/types.ts";
import { chooseCommunicator } from "../parallel/communicator.ts";
import type { Launch } from "../parallel/launch/detect.ts";
import { joinWorld } from "../parallel/rendezvous/join-world.ts";
import { takeStoreSocket } from "../parallel/launch/store-socket.ts";
import { storeAddress } from "../parallel/rendezvous/address.ts";
import { ownAddress } from "../parallel/rendezvous/own-address.ts";
import { readSecret } from "../parallel/rendezvous/secret.ts";
import type { Placement } from "../native/placement.ts";
import { FlmError } from "../errors.ts";
import { keepAlive, whenItHangs } from "./keepalive.ts";

/** What a trainer needs of the ranks that it trains with. Rank 0 leads: it writes what a run leaves behind. */
export interface Ranks {
  readonly rank: number;
  readonly world_size: number;
  /** 1 + the highest attempt that any rank has seen on disk. */
  readonly epoch: number;
  /** How engines reach each other; null for a rank of its own. */
  readonly native: NativeWorld | null;
  /** Of ranks on GPUs, how their data travels; null otherwise. */
  readonly communicator: string | null;
  /**
   * The values of the first `count` ranks, by rank, or of all; those must call it. The wait ends with the loss of a
   * rank, not with time.
   */
  gather<T>(key: string, value: T, count?: number): Promise<T[]>;
  /** Rank 0's value; all must call it. */
  broadcast<T>(key: string, value: T): Promise<T>;
  progress(step: number): void;
  /** Rejects with why the world has ended, where a job of this rank's engine then hangs: it can end in no other way. */
  readonly hung: Promise<never>;
  /** Ends the run on the other ranks, with this reason. */
  abort(reason: unknown): void;
  close(): Promise<void>;
}

/** A run of one process. */
export function alone(epoch: number): Ranks {
  return {
    rank: 0,
    world_size: 1,
    epoch,
    native: null,
    communicator: null,
    gather: async (_, value) => [value],
    broadcast: async (_, value) => value,
    progress: () => {},
    hung: new Promise(() => {}),
    abort: () => {},
    close: async () => {},
  };
}

export interface MeetingOptions {
  launch: Launch;
  placement: Placement;
  /** Of what has to be equal on all ranks. */
  config_hash: string;
  /** The next attempt, by what this rank finds on disk. */
  epoch: number;
  secret_file: string | null;
  timeout_seconds: number;
  silence_seconds: number;
  /** Ends the wait for the others. */
  signal?: AbortSignal;
  onWarning(message: string): void;
}

/** What each rank tells the others before they connect. */
interface Introduction extends RankEndpoint {
  /** Of a rank on a GPU. */
  nccl: NcclFacts | null;
}

/** Ranks wait for each other while one of them tokenizes a corpus, or trains a stage of days: only a loss ends that. */
const PATIENCE_SECONDS = 1e6;
/** A rank that hangs is found so much earlier than waits end: a wait may name a rank that waits itself. */
const WATCHDOG_LEAD_SECONDS = 5;
/** Progress is told every second and heard with the next heartbeat. */
const LEAST_WATCHDOG_SECONDS = 3;

/**
 * Finds the other ranks of the launch and connects this process's engines with theirs.
 *
 * @throws FlmError ENVIRONMENT, COMM_TIMEOUT, COMM_PEER_LOST or CANCELLED, see `joinWorld`
 */
export async function meetRanks(options: MeetingOptions): Promise<Ranks> {
  const { launch, placement, secret_file, timeout_seconds, silence_seconds, onWarning } = options;
  if (launch.world_size === 1) return alone(options.epoch);
  const native = loadNative();
  const store = await storeAddress(launch);
  const nativeWorld = native.createWorld(await ownAddress(store));
  const { device, device_index } = placement.engine;
  const introduction: Introduction = {
    ...nativeWorld.endpoint,
    nccl: device === "cuda" ? native.nccl(device_index) : null,
  };
  const world = await joinWorld(
    {
      launch,
      config_hash: options.config_hash,
      seen_epoch: options.epoch - 1,
      endpoint: introduction,
      secret_file,
      store_socket: takeStoreSocket(),
      timeout_seconds,
      timing: { silence_ms: silence_seconds * 1000 },
      watchdog_seconds: Math.max(timeout_seconds - WATCHDOG_LEAD_SECONDS, LEAST_WATCHDOG_SECONDS),
      onWarning,
    },
    options.signal,
  );
  const hung = new Promise<never>((_, reject) => {
    world.onAbort((reason) => {
      native.abortWorlds(reason.message);
      whenItHangs(
        () => native.pulse(),
        () => reject(reason),
      );
    });
  });
  hung.catch(() => {}); // until somebody waits for it
  // A thread of the store's own says that this process lives; this, that it gets on.
  let step = 0;
  const keepalive = keepAlive(
    () => native.pulse(),
    () => world.progress(step),
  );
  const peers = world.roster as Introduction[];
  const ranks: Omit<Ranks, "communicator"> = {
    rank: world.rank,
    world_size: world.world_size,
    epoch: world.epoch,
    native: nativeWorld,
    gather: async <T>(key: string, value: T, count = world.world_size) =>
      (await world.gather(key, value, {
        timeout_seconds: PATIENCE_SECONDS,
        ranks: count,
      })) as T[],
    broadcast: async <T>(key: string, value: T) =>
      (await world.broadcast(key, value, { timeout_seconds: PATIENCE_SECONDS })) as T,
    progress: (reached) => {
      step = reached;
      world.progress(step);
    },
    hung,
    abort: (reason) =>
      world.abort(reason instanceof FlmError ? reason : `it failed: ${String(reason)}`),
    close: async () => {
      clearInterval(keepalive);
      await world.close();
    },
  };
  try {
    const { communicator, text } = chooseCommunicator(peers.map(({ nccl }) => nccl));
    await nativeWorld.connect({
      rank: world.rank,
      peers,
      job: `${launch.job_id ?? "local"}/${world.epoch}`,
      secret: readSecret(secret_file ?? process.env.FLM_SECRET_FILE ?? null, store.address),
      timeout_seconds,
      silence_seconds,
      device,
      device_index,
      communicator,
    });
    return { ...ranks, communicator: device === "cuda" ? text : null };
  } catch (error) {
    ranks.abort(error);
    await ranks.close();
    throw error;
  }
}
