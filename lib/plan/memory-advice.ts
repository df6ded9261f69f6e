import type { ParallelConfig, StageConfig } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import { meshOf, ranksOf } from "../parallel/mesh.ts";
import { USABLE_MEMORY } from "../scaling/layout-search.ts";
import { totalBytes } from "../scaling/memory.ts";
import { type MemorySite, type SizedStage, stageMemory } from "./stage-memory.ts";

type Parallel = Partial<ParallelConfig>;

/** Keys of a stage that are set otherwise. */
export interface Change {
  micro_batch_size?: number;
  parallel?: Parallel;
}

/** A change of a stage with which it fits. */
export interface Remedy {
  change: Change;
  /** What each device needs then. */
  bytes: number;
  /** Devices that the stage uses then. */
  devices: number;
}

/** Sizes tried beyond the present one, for each of the three ways to split a stage. */
const DOUBLINGS = 6;
/** Ranks that split every matrix talk all the time, and so share a node. */
const MOST_TENSOR = 8;
const SHOWN = 3;

/**
 * Changes with which a stage fits into `limit` bytes a device, some left to driver and communication; the cheapest
 * first: smaller micro-batches, recomputation, both, then matrices split over more ranks, then more replicas to share
 * the optimizer's state. Where none of these is enough, all of them on the fewest devices. Empty where nothing fits.
 */
export function memoryRemedies(stage: SizedStage, site: MemorySite, limit: number): Remedy[] {
  const first = (changes: readonly Change[]): Remedy[] => {
    for (const change of changes) {
      const remedy = tried(stage, change, site);
      if (remedy !== null && remedy.bytes <= limit * USABLE_MEMORY) return [remedy];
    }
    return [];
  };
  const micros = smallerMicroBatches(stage.config).map((micro_batch_size) => ({
    micro_batch_size,
  }));
  const recomputes = heavierRecompute(stage.config).map((recompute) => ({
    parallel: { recompute },
  }));
  const here = [...first(micros), ...first(recomputes)];
  const both = micros.map((micro) => ({ ...micro, parallel: { recompute: "full" } as const }));
  const alone = here.length > 0 ? here : first(both);
  // Ranks on CPUs share the memory that is short.
  if (site.device === "cpu") return alone;
  const found = [
    ...alone,
    ...first(tensorSplits(stage.config)),
    ...first(replications(stage, site)),
  ];
  return found.length > 0 ? found : first(fullSplits(stage.config));
}

/** The remedies as a clause for a message, cheapest first: "micro_batch_size: 2 needs 61.0 GB (or …)". */
export function memoryAdvice(stage: SizedStage, site: MemorySite, limit: number): string {
  const [best, ...others] = memoryRemedies(stage, site, limit).slice(0, SHOWN);
  if (best === undefined)
    return site.device === "cpu"
      ? "no smaller micro_batch_size or recompute is enough; use a smaller model, or split it over more machines"
      : "nothing that was tried is enough, up to 8 tensor-parallel ranks in a pipeline; use a smaller model";
  const rest = others.map((remedy) => `${describe(remedy, site)} ${gigabytes(remedy.bytes)}`);
  const also = rest.length > 0 ? ` (or ${rest.join(", or ")})` : "";
  return `${describe(best, site)} needs ${gigabytes(best.bytes)}${also}`;
}

/** The cheapest remedy as keys of the stage: "parallel.recompute=full"; none where nothing fits. */
export function bestRemedyKeys(stage: SizedStage, site: MemorySite, limit: number): string[] {
  const [best] = memoryRemedies(stage, site, limit);
  if (best === undefined) return [];
  const { parallel = {}, ...own } = best.change;
  return [
    ...Object.entries(own).map(([key, value]) => `${key}=${value}`),
    ...Object.entries(parallel).map(([key, value]) => `parallel.${key}=${value}`),
  ];
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 1e9 ? 3 : 1)} GB`;
}

function describe({ change, devices }: Remedy, site: MemorySite): string {
  const { parallel = {}, ...own } = change;
  const keys = { ...own, ...parallel };
  const text = Object.entries(keys).map(([key, value]) => `${key}: ${value}`);
  return text.join(" and ") + (devices > site.world ? ` on ${devices} devices` : "");
}

/** Null where the stage cannot be split so. */
function tried(stage: SizedStage, change: Change, site: MemorySite): Remedy | null {
  const parallel = { ...stage.config.parallel, ...change.parallel };
  const config = { ...stage.config, ...change, parallel };
  // A change may ask for more ranks than the run has.
  const world = Math.max(site.world, ranksAskedFor(parallel));
  try {
    const bytes = totalBytes(stageMemory({ ...stage, config }, { ...site, world }));
    return { change, bytes, devices: ranksOf(meshOf(parallel, stage.shape, world)) };
  } catch (error) {
    if (error instanceof FlmError) return null;
    throw error;
  }
}

function ranksAskedFor(parallel: ParallelConfig): number {
  const { tensor_parallel_size, pipeline_parallel_size, data_parallel_size } = parallel;
  return tensor_parallel_size * pipeline_parallel_size * (data_parallel_size ?? 1);
}

/** Downward, as the largest that fits is the fastest. */
function smallerMicroBatches({ micro_batch_size: now }: StageConfig): number[] {
  const below = Array.from({ length: now - 1 }, (_, i) => now - 1 - i);
  return below.filter((size) => now % size === 0);
}

function heavierRecompute({ parallel }: StageConfig): ParallelConfig["recompute"][] {
  const all = ["none", "selective", "full"] as const;
  return all.slice(all.indexOf(parallel.recompute) + 1);
}

function doubled(size: number, most = Infinity): number[] {
  return Array.from({ length: DOUBLINGS }, (_, i) => size * 2 ** (i + 1)).filter(
    (larger) => larger <= most,
  );
}

function tensorSplits({ parallel }: StageConfig): Change[] {
  return doubled(parallel.tensor_parallel_size, MOST_TENSOR).map((tensor_parallel_size) => ({
    parallel: { tensor_parallel_size },
  }));
}

function replications({ config, shape }: SizedStage, { world }: MemorySite): Change[] {
  const now = meshOf(config.parallel, shape, world).data_parallel_size;
  return doubled(now).map((data_parallel_size) => ({
    parallel: { data_parallel_size },
  }));
}

/** Everything at once: single rows, full recomputation, matrices and layers over the fewest ranks. */
function fullSplits({ micro_batch_size, parallel }: StageConfig): Change[] {
  const { recompute, tensor_parallel_size: tensor, pipeline_parallel_size: pipeline } = parallel;
  const common = recompute === "full" ? {} : ({ recompute: "full" } as const);
  const single = micro_batch_size === 1 ? {} : { micro_batch_size: 1 };
  const sizes = [pipeline, ...doubled(pipeline)].flatMap((p) =>
    [tensor, ...doubled(tensor, MOST_TENSOR)].map((t) => ({ t, p })),
  );
  return sizes
    .toSorted((a, b) => a.t * a.p - b.t * b.p || a.p - b.p)
    .map(({ t, p }) => ({
      ...single,
      parallel: {
        ...common,
        ...(t === tensor ? {} : { tensor_parallel_size: t }),
        ...(p === pipeline ? {} : { pipeline_parallel_size: p }),
      },
    }));
}
