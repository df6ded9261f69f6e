import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { searchTogether } from "../checkpoint/hash-files.ts";
import {
  type Checkpoint,
  CheckpointStore,
  readCheckpoint,
  type Rejected,
} from "../checkpoint/store.ts";
import { roundingWarnings } from "../config/rounding.ts";
import { stringifyConfig } from "../config/stringify.ts";
import type { Config } from "../config/types.ts";
import { prepareStages } from "../data/prepare-stages.ts";
import { prepareTogether } from "../data/prepare-together.ts";
import type { PreparedData } from "../data/types.ts";
import { dataWarnings } from "../data/warnings.ts";
import { FlmError } from "../errors.ts";
import { loadNative } from "../native/load.ts";
import { version } from "../version.ts";
import { changedValues } from "./changed-values.ts";
import { checkResume, hasConfig, isFinished, refuseImported } from "./check-resume.ts";
import { writeDataFiles } from "./data-files.ts";
import type { TrainObserver, TrainResult } from "./events.ts";
import { choosePlacement, type Placement } from "../native/placement.ts";
import { checkMeshes } from "../parallel/check-meshes.ts";
import { detectLaunch, type Launch } from "../parallel/launch/detect.ts";
import { leaveReport } from "./leave-report.ts";
import { meetRanks, type Ranks } from "./ranks.ts";
import { Recorder, type Resumed, SILENT } from "./recorder.ts";
import { makeObjective } from "./objective/make-objective.ts";
import { RunDirectory } from "./run-directory.ts";
import { planStages, type StagePlan } from "../growth/stage-plan.ts";
import { checkSamplePrompt } from "./sample.ts";
import { checkSuites } from "./score-suites.ts";
import { memoryWarnings } from "./stage-fit.ts";
import { startingPoint } from "./starting-point.ts";
import { sharedReason, stopReason, stopStatus } from "./stop-status.ts";
import { Trainer } from "./trainer.ts";
import { vocabularyMaps } from "./vocabulary-maps.ts";

export interface TrainOptions {
  /** The run's directory; `runs/<name>` by default. One with a committed checkpoint is resumed. */
  out?: string;
  /** Move an existing directory aside and start over. */
  fresh?: boolean;
  /** Stops after the running step with a committed checkpoint. */
  signal?: AbortSignal;
  /** Called on rank 0. */
  observer?: TrainObserver;
  /** Where this process stands among several ranks (`detectLaunch`); a run of its own by default. */
  launch?: Launch;
}

interface RunParts {
  config: Config;
  placement: Placement;
  directory: RunDirectory;
  store: CheckpointStore;
  observer: TrainObserver;
  signal: AbortSignal;
  ranks: Ranks;
  /** Ranks of this machine, as far as the launcher says. */
  localRanks: number;
}

/**
 * Trains to the end of the config, or to the signal. Resumes by itself. Of several ranks, every one calls it with the
 * same config.
 *
 * @throws FlmError; whatever has been committed is whole then.
 */
export async function runTraining(
  config: Config,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const launch = options.launch ?? detectLaunch({});
  checkMeshes(config, launch.world_size);
  const isLeader = launch.rank === 0;
  const observer = isLeader ? (options.observer ?? {}) : {};
  const signal = options.signal ?? new AbortController().signal;
  const placement = choosePlacement(config, loadNative(), launch);
  const directory = new RunDirectory(resolve(options.out ?? `runs/${config.name}`));
  if (isLeader) await directory.vacated();
  if (options.fresh && isLeader) directory.setAside();
  const claim = isLeader ? directory.claim() : null;
  try {
    const store = new CheckpointStore(directory.checkpoints);
    const epoch = store.nextEpoch();
    if (isLeader && epoch === 1) directory.refuseForeign();
    const warnings: string[] = [];
    const ranks = await meetRanks({
      launch,
      placement,
      config_hash: hashOf(config, directory),
      epoch,
      ...config.distributed,
      signal,
      // At once: it may be why the others are waited for.
      onWarning: (message) => {
        warnings.push(message);
        observer.onEvent?.({ type: "warning", step: 0, message });
      },
    }).catch((error: unknown) => nullIfStopped(error, signal));
    // Nothing has been verified yet: this is what the newest manifest says.
    if (ranks === null)
      return untrained(store.checkpoints()[0] ?? null, stopReason(signal), directory.path);
    try {
      if (isLeader) store.enter(ranks.epoch);
      const localRanks = launch.local_world_size ?? 1;
      const parts = { config, placement, directory, store, observer, signal, ranks, localRanks };
      return await Promise.race([trainWith(parts, warnings), ranks.hung]);
    } catch (error) {
      ranks.abort(error);
      throw error;
    } finally {
      store.leave();
      await ranks.close();
    }
  } finally {
    claim?.release();
  }
}

/** Of what has to be equal on all ranks. */
function hashOf(config: Config, directory: RunDirectory): string {
  const text = stringifyConfig(config, version) + directory.path;
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

async function trainWith(parts: RunParts, warnings: readonly string[]): Promise<TrainResult> {
  const { config, placement, directory, store, observer, signal, ranks } = parts;
  const isLeader = ranks.rank === 0;
  const { checkpoint, rejected } = await newestCheckpoint(parts);
  if (checkpoint) refuseImported(checkpoint, directory);
  const data = await prepareTogether(ranks, (sources_key) => prepare(parts, sources_key));
  // One that is told to stop meanwhile stops all of them, and all for its reason.
  const reasons = await ranks.gather("prepared", data === null ? stopReason(signal) : null);
  if (data === null || sharedReason(reasons) !== null)
    return untrained(checkpoint, sharedReason(reasons), directory.path);
  if (checkpoint) {
    if (isLeader) {
      checkResume(config, data, checkpoint, directory);
      store.adopt(checkpoint);
    }
    // What follows relies on it.
    await ranks.broadcast("adopted", null);
  }
  checkSuites(config.eval);
  const [first, last] = [data[0]!, data.at(-1)!];
  const stages = planStages(config, last.tokenizer.vocab_size, vocabularyMaps(data));
  await checkSamplePrompt(config, data);
  const start = await startingPoint(config, checkpoint, stages[0]!, first.tokenizer, ranks);
  // Where no step is left to make, what the steps were made with stays as it is written.
  const isUnchanged = checkpoint !== null && isFinished(config, checkpoint) && hasConfig(directory);
  const changed = checkpoint && !isUnchanged ? changedValues(directory, config, checkpoint) : [];
  if (isLeader && !isUnchanged) writeRunFiles(directory, config, last);
  const objective = await makeObjective({
    config,
    data: first,
    stages,
    placement,
    directory,
    ranks,
    resumes: checkpoint !== null,
  });

  const step = checkpoint?.manifest.step ?? 0;
  const recorder = isLeader
    ? new Recorder(
        directory,
        config.logging,
        checkpoint && resumedFrom(checkpoint, stages),
        observer,
      )
    : SILENT;
  const trainer = new Trainer({
    config,
    data,
    objective,
    stages,
    placement,
    store,
    recorder,
    checkpoint,
    load: start.load,
    ranks,
    signal,
  });
  const warn = (message: string) => recorder.event({ type: "warning", step, message });
  const leave = async () => {
    try {
      if (isLeader) await leaveReport(directory.path, warn);
    } finally {
      recorder.close();
    }
  };
  const { engine, device } = placement;
  const site = { config, placement: engine, device, world_size: ranks.world_size };
  let result: TrainResult;
  try {
    observer.onStart?.({
      run_dir: directory.path,
      device: placement.device,
      device_reason: placement.reason,
      precision: placement.engine.precision,
      ranks: ranks.world_size,
      communicator: ranks.communicator,
      stages,
      total_steps: stages.reduce((sum, stage) => sum + stage.steps, 0),
      first_step: step,
      train_tokens: last.train_tokens,
      validation_tokens: last.validation_tokens,
      vocab_size: last.tokenizer.vocab_size,
    });
    const place = {
      device: placement.device.name,
      precision: placement.engine.precision,
      ranks: ranks.world_size,
    };
    if (checkpoint) {
      const from = checkpoint.directory;
      recorder.event({ type: "resume", step, checkpoint: from, ...place, changed });
      const saved = checkpoint.manifest.device;
      if (saved.kind !== placement.device.kind || saved.precision !== placement.engine.precision)
        warn(
          `the checkpoint was trained on ${saved.kind} in ${saved.precision}, the run goes on on ` +
            `${placement.device.kind} in ${placement.engine.precision}: not bit for bit`,
        );
    } else {
      recorder.event({
        type: "start",
        step,
        ...place,
        parameters: stages[0]!.parameters,
      });
    }
    for (const { directory: bad, reason } of rejected) warn(`passed over ${bad}: ${reason}`);
    for (const message of warnings)
      recorder.event({ type: "warning", step, message }, { isTold: true });
    for (const message of [
      ...recorder.losses,
      ...start.warnings,
      ...(checkpoint ? [] : roundingWarnings(config)),
      ...dataWarnings(config, data),
      ...memoryWarnings(stages.slice(checkpoint?.manifest.stage ?? 0), site, parts.localRanks),
    ])
      warn(message);
    if (last.bigram_loss !== null && !checkpoint)
      recorder.event({ type: "baseline", step, bigram_loss: last.bigram_loss });
    const status = await trainer.run();
    // Who leaves ends the work of those that still talk with it.
    await ranks.gather("end", null);
    recorder.event({ type: "done", step: trainer.step, status });
    result = trainer.result(status, directory.path);
  } catch (error) {
    const code = error instanceof FlmError ? error.code : "INTERNAL";
    const message = error instanceof Error ? error.message : String(error);
    // On a disk that takes nothing any more these fail too, which must not hide what has ended the run.
    try {
      recorder.event({ type: "failed", step: trainer.step, code, message });
    } catch {}
    await leave().catch(() => {});
    throw error;
  }
  await leave();
  return result;
}

function resumedFrom({ manifest }: Checkpoint, stages: readonly StagePlan[]): Resumed {
  const { step, stage, stage_step, evaluation_due, stability } = manifest;
  const { metrics_rows, events_rows } = manifest;
  return {
    step,
    is_stage_end: stage_step === stages[stage]!.steps,
    is_evaluation_due: evaluation_due === true,
    rollbacks: stability.rollbacks.length,
    metrics_rows,
    events_rows,
  };
}

/** Rank 0 looks for it, and all verify it and go on from it. */
async function newestCheckpoint({ store, ranks }: RunParts): Promise<{
  checkpoint: Checkpoint | null;
  rejected: Rejected[];
}> {
  const found = await searchTogether(
    ranks,
    ranks.world_size,
    (path) => loadNative().hashFile(path),
    (hashFiles) => store.newest(hashFiles),
  );
  const directory = await ranks.broadcast("resume", found?.checkpoint?.directory ?? null);
  return (
    found ?? { checkpoint: directory === null ? null : readCheckpoint(directory), rejected: [] }
  );
}

/** One a stage; null when a signal came meanwhile. */
function prepare(
  { config, observer, signal }: RunParts,
  sources_key?: string,
): Promise<PreparedData[] | null> {
  return prepareStages(config, {
    native: loadNative(),
    signal,
    sources_key,
    onProgress: (progress) => observer.onPrepare?.(progress),
  }).catch((error: unknown) => nullIfStopped(error, signal));
}

/** @throws the error, where it is not that of the signal */
function nullIfStopped(error: unknown, signal: AbortSignal): null {
  if (signal.aborted && error instanceof FlmError && error.code === "CANCELLED") return null;
  throw error;
}

/** The result of a run that was stopped while its ranks were joining or its data were being prepared. */
function untrained(
  checkpoint: Checkpoint | null,
  reason: string | null,
  run_dir: string,
): TrainResult {
  const manifest = checkpoint?.manifest;
  return {
    status: stopStatus(reason),
    steps: manifest?.step ?? 0,
    tokens: manifest?.tokens ?? 0,
    loss: manifest?.loss ?? null,
    validation_loss: manifest?.validation?.loss ?? null,
    bigram_loss: null,
    tokens_per_second: 0,
    checkpoint: checkpoint?.directory ?? null,
    run_dir,
  };
}

/**
 * What makes the directory understandable without the command that made it.
 *
 * @param data of the last stage: smaller vocabularies are the beginning of its tokenizer
 */
function writeRunFiles(directory: RunDirectory, config: Config, data: PreparedData): void {
  directory.write(directory.config, stringifyConfig(config, version));
  writeDataFiles(directory, data.made_of);
  const tokenizer = data.tokenizer.toJson();
  if (
    tokenizer !== null &&
    !(existsSync(directory.tokenizer) && readFileSync(directory.tokenizer, "utf8") === tokenizer)
  )
    directory.write(directory.tokenizer, tokenizer);
}
