import type { Manifest } from "../checkpoint/manifest.ts";
import type { Checkpoint, CheckpointStore } from "../checkpoint/store.ts";
import type { Config } from "../config/types.ts";
import type { BatchStream, PreparedData } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import type { Json } from "../json.ts";
import { peakFlops } from "../scaling/peaks.ts";
import { version } from "../version.ts";
import { refuseDiverged } from "./divergence.ts";
import type { StepRow, TrainResult } from "./events.ts";
import { growStage } from "./growth-event.ts";
import { identityOf } from "./identity.ts";
import { learningRate } from "./lr.ts";
import type { Placement } from "../native/placement.ts";
import { type LoadPlan, ONE_RANK } from "../native/plans.ts";
import type { RunRecorder } from "./recorder.ts";
import { stageEvent } from "./stage-event.ts";
import { sampleText } from "./sample.ts";
import { scoreSuites } from "./score-suites.ts";
import { aloneIn, type RankStage, rankStageOf } from "./rank-stage.ts";
import type { Ranks } from "./ranks.ts";
import { type EngineParts, resumeLoad, saveCheckpoint, StageEngine } from "./session.ts";
import { stopReason, stopStatus } from "./stop-status.ts";
import { carriedStepWarning } from "../growth/carried-step.ts";
import { rampOf, type StagePlan } from "../growth/stage-plan.ts";

/** Steps in a row without finite gradients after which going on is pointless. */
const MOST_SKIPS_IN_A_ROW = 10;

export interface TrainerParts {
  config: Config;
  data: PreparedData;
  stages: readonly StagePlan[];
  placement: Placement;
  store: CheckpointStore;
  recorder: RunRecorder;
  /** Where to go on from; null starts anew. */
  checkpoint: Checkpoint | null;
  /** What the first engine begins with. */
  load: LoadPlan;
  ranks: Ranks;
  signal: AbortSignal;
}

/** Takes a run from where it stands to its end, or to the signal. */
export class Trainer {
  readonly #parts: TrainerParts;
  /** What this rank does in each stage. */
  readonly #rankStages: readonly RankStage[];
  #stream!: BatchStream;
  /** Null on a rank that the stage does not use, undefined before any rank has made one. */
  #engine: StageEngine | null | undefined;
  /** Some rank has been asked to stop, as this step has told. */
  #stop = false;
  /** Why, as all ranks have told each other with the last checkpoint. */
  #stopReason: string | null = null;
  #checkpoint: Checkpoint | null;
  #stage = 0;
  #stageStep = 0;
  #step = 0;
  #tokens = 0;
  #flops = 0;
  #skipped = 0;
  #skipsInARow = 0;
  #growth: Manifest["growth"] = [];
  #loss: number | null = null;
  #validation: Manifest["validation"] = null;
  /** Step at which the other suites were scored last. */
  #scored: number | null = null;
  #trainedMs = 0;
  #trainedTokens = 0;

  constructor(parts: TrainerParts) {
    this.#parts = parts;
    const { rank, world_size } = parts.ranks;
    this.#rankStages = parts.stages.map((plan) => rankStageOf(plan, rank, world_size));
    this.#checkpoint = parts.checkpoint;
    this.#standAt(parts.checkpoint?.manifest);
  }

  /** Takes up the place in the run that a checkpoint has; undefined is its start. */
  #standAt(manifest: Manifest | undefined): void {
    this.#stream = this.#parts.data.stream(manifest?.data as Json | undefined);
    this.#stage = manifest?.stage ?? 0;
    this.#stageStep = manifest?.stage_step ?? 0;
    this.#step = manifest?.step ?? 0;
    this.#tokens = manifest?.tokens ?? 0;
    this.#flops = manifest?.flops ?? 0;
    this.#skipped = manifest?.skipped_steps ?? 0;
    this.#growth = manifest?.growth ?? [];
    this.#loss = manifest?.loss ?? null;
    this.#validation = manifest?.validation ?? null;
  }

  async run(): Promise<TrainResult["status"]> {
    const { stages } = this.#parts;
    try {
      this.#engine = await this.#firstEngine();
      for (;;) {
        await this.#trainStage();
        if (this.#stopping) break;
        this.#refuseDiverged();
        if (this.#stage + 1 === stages.length) break;
        await this.#grow();
      }
      if (this.#engine) await this.#save();
      if (this.#stopping) return stopStatus(this.#stopReason ?? stopReason(this.#parts.signal));
      await this.#endStage();
      if (this.#engine) await this.#finish();
      return "done";
    } finally {
      await this.#engine?.native.close();
    }
  }

  result(status: TrainResult["status"], run_dir: string): TrainResult {
    return {
      status,
      steps: this.#step,
      tokens: this.#tokens,
      loss: this.#loss,
      validation_loss: this.#validation?.loss ?? null,
      bigram_loss: this.#parts.data.bigram_loss,
      tokens_per_second: this.#trainedMs > 0 ? this.#trainedTokens / (this.#trainedMs / 1000) : 0,
      checkpoint: this.#checkpoint?.directory ?? null,
      run_dir,
    };
  }

  get step(): number {
    return this.#step;
  }

  /** Of several ranks, all stop after the same step: the one that all hear of it in. */
  get #stopping(): boolean {
    const { ranks, signal } = this.#parts;
    const isTold = this.#stop || this.#stopReason !== null;
    return isTold || (ranks.world_size === 1 && signal.aborted);
  }

  get #engineParts(): EngineParts {
    const { config, placement, ranks, data } = this.#parts;
    return { config, placement: placement.engine, world: ranks.native, files: data.files };
  }

  get #plan(): StagePlan {
    return this.#parts.stages[this.#stage]!;
  }

  async #firstEngine(): Promise<StageEngine | null | undefined> {
    const { stages, load } = this.#parts;
    const isAtBoundary = this.#stageStep >= this.#plan.steps && this.#stage + 1 < stages.length;
    // Growth starts from the checkpoint and needs no engine of the finished stage.
    if (isAtBoundary) return undefined;
    return StageEngine.create(this.#engineParts, this.#rankStages[this.#stage]!, load);
  }

  async #trainStage(): Promise<void> {
    const { checkpoint, eval: evaluation } = this.#parts.config;
    if (this.#engine === null) return this.#waitOutStage();
    while (this.#stageStep < this.#plan.steps && !this.#stopping) {
      await this.#trainStep();
      const isLast = this.#stageStep === this.#plan.steps;
      if (this.#step % evaluation.interval_steps === 0 || isLast) await this.#evaluate();
      if (this.#step % checkpoint.interval_steps === 0 && !isLast) await this.#save();
    }
  }

  /** What a rank does that the stage does not use: it sees the others' checkpoints, the last of them ends the stage. */
  async #waitOutStage(): Promise<void> {
    while (this.#stageStep < this.#plan.steps && !this.#stopping) await this.#save();
  }

  async #trainStep(): Promise<void> {
    const { config, placement, ranks, recorder, signal } = this.#parts;
    const plan = this.#plan;
    const { global_batch_size } = plan.config;
    const { seq_length } = plan.shape;
    const engine = this.#engine!;
    const ramp = rampOf(plan, this.#stageStep);
    const lr = learningRate(config, { stage: this.#stage, stage_step: this.#stageStep });
    const start = performance.now();
    const report = await engine.step(this.#stream.next(global_batch_size, seq_length), {
      lr,
      ramp,
      stop: signal.aborted,
    });
    this.#stop = report.stop && ranks.world_size > 1;
    const step_ms = performance.now() - start;
    const tokens = global_batch_size * seq_length;
    const flops = tokens * plan.flops_per_token;
    this.#step += 1;
    this.#stageStep += 1;
    this.#tokens += tokens;
    this.#flops += flops;
    this.#loss = report.loss;
    this.#trainedMs += step_ms;
    this.#trainedTokens += tokens;
    const perSecond = 1000 / step_ms;
    const peak = peakFlops(placement.device, placement.engine.precision);
    const row: StepRow = {
      step: this.#step,
      stage: this.#stage,
      ramp: ramp.hidden,
      tokens: this.#tokens,
      loss: report.loss,
      lr,
      grad_norm: report.grad_norm,
      skipped: report.skipped,
      step_ms,
      tokens_per_second: tokens * perSecond,
      tflops: (flops * perSecond) / 1e12,
      mfu: peak === null ? null : (flops * perSecond) / peak,
      flops_total: this.#flops,
      memory_bytes: engine.native.memory_bytes,
    };
    recorder.step(row);
    ranks.progress(this.#step);
    if (report.skipped) this.#countSkip(row);
    else this.#skipsInARow = 0;
  }

  /** @throws FlmError DIVERGED where skipping is not wanted, or does not help. */
  #countSkip({ step, loss, grad_norm }: StepRow): void {
    this.#parts.recorder.event({
      type: "skip",
      step,
      loss: finiteOrNull(loss),
      grad_norm: finiteOrNull(grad_norm),
    });
    this.#skipped += 1;
    this.#skipsInARow += 1;
    const mayGoOn = this.#parts.config.stability.skip_non_finite;
    if (mayGoOn && this.#skipsInARow < MOST_SKIPS_IN_A_ROW) return;
    const what = mayGoOn ? `${this.#skipsInARow} steps in a row` : `step ${step}`;
    throw new FlmError("DIVERGED", `${what} had gradients that are not finite`, {
      hint: "lower optimizer.lr or lengthen warmup_steps; the last checkpoint is whole",
    });
  }

  async #evaluate(): Promise<void> {
    await this.#validate();
    await this.#score();
  }

  async #finish(): Promise<void> {
    if (this.#validation?.step !== this.#step) await this.#validate();
    await this.#score();
    await this.#sample();
  }

  async #score(): Promise<void> {
    const { config, data, recorder, signal } = this.#parts;
    if (this.#scored === this.#step) return;
    this.#scored = this.#step;
    const ramp = rampOf(this.#plan, this.#stageStep);
    const model = { engine: this.#engine!, data, ramp, step: this.#step, signal };
    for await (const event of scoreSuites(config.eval, model)) recorder.event(event);
  }

  async #validate(): Promise<void> {
    const { data, recorder, config } = this.#parts;
    if (data.validation_tokens === 0 || !config.eval.suites.includes("perplexity")) return;
    const plan = this.#plan;
    const { loss, targets } = await this.#engine!.lossOfRows(
      data.validationRows(plan.shape.seq_length),
      rampOf(plan, this.#stageStep),
    );
    this.#validation = { step: this.#step, loss };
    recorder.event({
      type: "validation",
      step: this.#step,
      loss,
      perplexity: Math.exp(loss),
      bits_per_byte: loss / Math.LN2 / data.bytes_per_token,
      tokens: targets,
    });
  }

  #refuseDiverged(): void {
    const losses: Record<string, number | null> = { training: this.#loss };
    if (this.#validation?.step === this.#step) losses.validation = this.#validation.loss;
    refuseDiverged(losses, this.#plan.shape.vocab_size);
  }

  async #save(): Promise<void> {
    const { config, data, store, recorder, ranks, placement } = this.#parts;
    if (this.#engine && this.#checkpoint?.manifest.step === this.#step) return;
    const start = performance.now();
    const { checkpoint, bytes } = await saveCheckpoint(store, ranks, this.#engine ?? null, {
      package_version: version,
      step: this.#step,
      epoch: ranks.epoch,
      parent: this.#checkpoint?.directory ?? null,
      stage: this.#stage,
      stage_step: this.#stageStep,
      tokens: this.#tokens,
      flops: this.#flops,
      skipped_steps: this.#skipped,
      loss: finiteOrNull(this.#loss),
      validation: this.#validation && {
        ...this.#validation,
        loss: finiteOrNull(this.#validation.loss),
      },
      data: this.#stream.state(),
      seed: config.seed,
      growth: this.#growth,
      identity: identityOf(config, this.#stage, data.fingerprint),
      device: {
        kind: placement.device.kind,
        name: placement.device.name,
        precision: placement.engine.precision,
      },
    });
    this.#checkpoint = checkpoint;
    const reasons = await ranks.gather("stop", stopReason(this.#parts.signal));
    this.#stopReason = reasons.includes("SIGTERM")
      ? "SIGTERM"
      : (reasons.find((reason) => reason !== null) ?? null);
    if (this.#engine === null) this.#standAt(checkpoint.manifest);
    if (ranks.rank === 0) store.retain(config.checkpoint.keep);
    recorder.event({
      type: "checkpoint",
      step: this.#step,
      path: checkpoint.directory,
      seconds: (performance.now() - start) / 1000,
      bytes,
    });
  }

  async #grow(): Promise<void> {
    const { config, data, stages, recorder } = this.#parts;
    const before = this.#plan;
    const after = stages[this.#stage + 1]!;
    if (this.#engine) await this.#save();
    await this.#endStage();
    // A stage that several ranks share may be too large for one of them, which would end the run here.
    if (this.#rankStages[this.#stage]!.spec === ONE_RANK) await this.#sample();
    const running = this.#engine;
    this.#engine = null;
    const grown = await growStage(
      this.#engineParts,
      data,
      this.#rankStages[this.#stage]!,
      this.#rankStages[this.#stage + 1]!,
      this.#checkpoint!,
      running,
    );
    this.#engine = grown.engine;
    this.#stage += 1;
    this.#stageStep = 0;
    this.#growth = [
      ...this.#growth,
      {
        stage: after.index,
        step: this.#step,
        parameters_before: before.parameters,
        parameters_after: after.parameters,
      },
    ];
    recorder.event(grown.event);
    const message = carriedStepWarning(config.optimizer, after.config.growth);
    if (message !== null) recorder.event({ type: "warning", step: this.#step, message });
  }

  /** The stage's last checkpoint has been written. */
  async #endStage(): Promise<void> {
    const { ranks, recorder } = this.#parts;
    if (ranks.rank === 0) recorder.event(await stageEvent(this.#plan, this.#checkpoint!));
  }

  async #sample(): Promise<void> {
    const { config, data, ranks, recorder } = this.#parts;
    const prompt = config.eval.sample_prompt;
    if (prompt === null || ranks.rank !== 0) return;
    // None runs where the run was resumed at the boundary of two stages.
    const isWhole = this.#engine?.stage.spec === ONE_RANK;
    const engine = isWhole ? this.#engine! : await this.#wholeModel();
    try {
      const text = await sampleText(engine.native, data.tokenizer, {
        prompt,
        max_tokens: config.eval.sample_tokens,
        temperature: 0.8,
        top_p: 0.95,
        seed: config.seed,
      });
      recorder.event({ type: "sample", step: this.#step, prompt, text });
    } finally {
      if (engine !== this.#engine) await engine.native.close();
    }
  }

  /** The model of the last checkpoint in this process alone: text is generated on one rank. */
  async #wholeModel(): Promise<StageEngine> {
    const load = resumeLoad(this.#checkpoint!);
    const parts = { ...this.#engineParts, world: null };
    return (await StageEngine.create(parts, aloneIn(this.#plan), load, false))!;
  }
}

/** For JSON, which has no other numbers. */
function finiteOrNull(value: number | null): number | null {
  return Number.isFinite(value) ? value : null;
}
