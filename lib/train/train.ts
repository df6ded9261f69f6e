import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Checkpoint, CheckpointStore } from "../checkpoint/store.ts";
import { stringifyConfig } from "../config/stringify.ts";
import type { Config } from "../config/types.ts";
import { prepareData } from "../data/prepare.ts";
import type { PreparedData } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { loadNative } from "../native/load.ts";
import { version } from "../version.ts";
import type { TrainObserver, TrainResult } from "./events.ts";
import { checkIdentity, identityOf } from "./identity.ts";
import { choosePlacement } from "../native/placement.ts";
import { leaveReport } from "./leave-report.ts";
import { Recorder } from "./recorder.ts";
import { RunDirectory } from "./run-directory.ts";
import { planStages } from "../growth/stage-plan.ts";
import { checkSamplePrompt } from "./sample.ts";
import { checkSuites } from "./score-suites.ts";
import { stopStatus } from "./stop-status.ts";
import { Trainer } from "./trainer.ts";

export interface TrainOptions {
  /** The run's directory; `runs/<name>` by default. One with a committed checkpoint is resumed. */
  out?: string;
  /** Move an existing directory aside and start over. */
  fresh?: boolean;
  /** Stops after the running step with a committed checkpoint. */
  signal?: AbortSignal;
  observer?: TrainObserver;
}

/**
 * Trains to the end of the config, or to the signal. Resumes by itself.
 *
 * @throws FlmError; whatever has been committed is whole then.
 */
export async function runTraining(
  config: Config,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const observer = options.observer ?? {};
  const signal = options.signal ?? new AbortController().signal;
  const native = loadNative();
  const placement = choosePlacement(config, native);
  const directory = new RunDirectory(resolve(options.out ?? `runs/${config.name}`));
  if (options.fresh) directory.setAside();
  const { release } = directory.claim();
  try {
    const store = new CheckpointStore(directory.checkpoints);
    const { checkpoint, rejected } = await store.newest((path) => native.hashFile(path));
    const data = await prepareData(config, {
      native,
      signal,
      onProgress: (progress) => observer.onPrepare?.(progress),
    }).catch((error: unknown) => {
      if (signal.aborted && error instanceof FlmError && error.code === "CANCELLED") return null;
      throw error;
    });
    if (data === null) return untrained(checkpoint, stopStatus(signal), directory.path);
    if (checkpoint) {
      checkResume(config, data, checkpoint, directory.path);
      store.adopt(checkpoint);
    }
    checkSuites(config.eval);
    const stages = planStages(config, data.tokenizer.vocab_size);
    const { seq_length } = stages.at(-1)!.shape;
    await checkSamplePrompt(config.eval.sample_prompt, data.tokenizer, seq_length);
    writeRunFiles(directory, config, data);

    const step = checkpoint?.manifest.step ?? 0;
    const recorder = new Recorder(directory, config.logging, checkpoint ? step : null, observer);
    const trainer = new Trainer({
      config,
      data,
      stages,
      placement,
      store,
      recorder,
      checkpoint,
      epoch: store.nextEpoch(),
      signal,
    });
    const warn = (message: string) => recorder.event({ type: "warning", step, message });
    try {
      observer.onStart?.({
        run_dir: directory.path,
        device: placement.device,
        device_reason: placement.reason,
        precision: placement.engine.precision,
        stages,
        total_steps: stages.reduce((sum, stage) => sum + stage.steps, 0),
        first_step: step,
        train_tokens: data.train_tokens,
        validation_tokens: data.validation_tokens,
        vocab_size: data.tokenizer.vocab_size,
      });
      if (checkpoint) {
        recorder.event({ type: "resume", step, checkpoint: checkpoint.directory });
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
          device: placement.device.name,
          precision: placement.engine.precision,
          parameters: stages[0]!.parameters,
        });
      }
      for (const { directory: bad, reason } of rejected) warn(`passed over ${bad}: ${reason}`);
      for (const message of data.warnings) warn(message);
      if (data.bigram_loss !== null && !checkpoint)
        recorder.event({ type: "baseline", step, bigram_loss: data.bigram_loss });
      const status = await trainer.run();
      recorder.event({ type: "done", step: trainer.step, status });
      return trainer.result(status, directory.path);
    } catch (error) {
      const code = error instanceof FlmError ? error.code : "INTERNAL";
      const message = error instanceof Error ? error.message : String(error);
      recorder.event({ type: "failed", step: trainer.step, code, message });
      throw error;
    } finally {
      await leaveReport(directory.path, warn);
      recorder.close();
    }
  } finally {
    release();
  }
}

/** The result of a run that was stopped while its data were being prepared. */
function untrained(
  checkpoint: Checkpoint | null,
  status: TrainResult["status"],
  run_dir: string,
): TrainResult {
  const manifest = checkpoint?.manifest;
  return {
    status,
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

function checkResume(
  config: Config,
  data: PreparedData,
  { manifest }: Checkpoint,
  directory: string,
): void {
  if (manifest.stage >= config.stages.length)
    throw new FlmError(
      "CONFIG_CHANGED",
      `the run in ${directory} has reached stage ${manifest.stage}, the config has ${config.stages.length} stages`,
      { hint: "restore the stages, or choose another directory with --out" },
    );
  checkIdentity(manifest.identity, identityOf(config, manifest.stage, data.fingerprint), directory);
}

/** What makes the directory understandable without the command that made it. */
function writeRunFiles(directory: RunDirectory, config: Config, data: PreparedData): void {
  directory.write(directory.config, stringifyConfig(config, version));
  const tokenizer = data.tokenizer.toJson();
  if (
    tokenizer !== null &&
    !(existsSync(directory.tokenizer) && readFileSync(directory.tokenizer, "utf8") === tokenizer)
  )
    directory.write(directory.tokenizer, tokenizer);
}
