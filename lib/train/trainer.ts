import type { Manifest } from "../checkpoint/manifest.ts";
import type { Checkpoint } from "../checkpoint/store.ts";
import type { PreparedData } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { finiteOrNull } from "../json.ts";
import { version } from "../version.ts";
import { Abandoned, abandonable } from "./abandonable.ts";
import { BatchFeed } from "./batch-feed.ts";
import { refuseDiverged } from "./divergence.ts";
import type { TrainResult } from "./events.ts";
import { growStage } from "./growth-event.ts";
import { identityOf } from "./identity.ts";
import { grownInto, type Progress, progressOf } from "./progress.ts";
import { accepted, isSettling, limitsOf } from "./stability/limits.ts";
import { divergence, type Reaction, reactionTo } from "./stability/reaction.ts";
import { type Rejection, rejectionOf } from "./stability/rejection.ts";
import { goBack, rateFactor } from "./stability/rollback.ts";
import { findTarget } from "./stability/rollback-target.ts";
import { stepRow } from "./step-row.ts";
import { learningRate } from "./lr.ts";
import { stageEvent } from "./stage-event.ts";
import { sampleEvent } from "./sample-event.ts";
import { scoreSuites } from "./score-suites.ts";
import { type RankStage, rankStageOf } from "./rank-stage.ts";
import { ranksOf } from "../parallel/mesh.ts";
import { PendingSave } from "./pending-save.ts";
import { saveCheckpoint } from "./save-checkpoint.ts";
import { type EngineParts, StageEngine } from "./session.ts";
import { sharedReason, stopReason, stopStatus } from "./stop-status.ts";
import type { TrainerParts } from "./trainer-parts.ts";
import { carriedStepWarning } from "../growth/carried-step.ts";
import { rampOf, type StagePlan } from "../growth/stage-plan.ts";

/** Takes a run from where it stands to its end, or to the signal. */
export class Trainer {
  readonly #parts: TrainerParts;
  /** What this rank does in each stage. */
  readonly #rankStages: readonly RankStage[];
  #batches!: BatchFeed;
  /** Null on a rank that the stage does not use, undefined before any rank has made one. */
  #engine: StageEngine | null | undefined;
  /** Some rank has been asked to stop, as this step has told. */
  #stop = false;
  /** Why, as all ranks have told each other with the last checkpoint. */
  #stopReason: string | null = null;
  #checkpoint: Checkpoint | null;
  readonly #pendingSave = new PendingSave();
  #at!: Progress;
  /** Of the last step, whether it counted or not. */
  #lastLoss!: number | null;
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
    const { config, data } = this.#parts;
    const from = manifest && { stage: manifest.stage, state: manifest.data };
    this.#batches = new BatchFeed(config, data, from);
    this.#at = progressOf(manifest);
    this.#lastLoss = this.#at.loss;
  }

  async run(): Promise<TrainResult["status"]> {
    const { stages } = this.#parts;
    try {
      this.#engine = await this.#firstEngine();
      if (this.#at.evaluation_due) await this.#makeUpForEvaluation();
      for (;;) {
        await this.#trainStage();
        if (!this.#stopping) this.#refuseDiverged();
        // With it all ranks hear whether the run stops, and decide alike.
        if (this.#engine) await this.#save();
        if (this.#stopping || this.#at.stage + 1 === stages.length) break;
        await this.#grow();
      }
      if (this.#stopping) return stopStatus(this.#stopReason ?? stopReason(this.#parts.signal));
      await this.#endStage();
      if (this.#engine) await this.#finish();
      return "done";
    } catch (error) {
      // A step behind a save that has failed: the engine was lost there, and the save knows to what.
      const isLostBefore = error instanceof FlmError && error.code === "ENGINE_POISONED";
      if (isLostBefore) await this.#pendingSave.settle();
      throw error;
    } finally {
      await this.#pendingSave.ended();
      await this.#engine?.native.close();
    }
  }

  result(status: TrainResult["status"], run_dir: string): TrainResult {
    return {
      status,
      steps: this.#at.step,
      tokens: this.#at.tokens,
      loss: this.#at.loss,
      validation_loss: this.#at.validation?.loss ?? null,
      bigram_loss: this.#parts.data.at(-1)!.bigram_loss,
      tokens_per_second: this.#trainedMs > 0 ? this.#trainedTokens / (this.#trainedMs / 1000) : 0,
      checkpoint: this.#checkpoint?.directory ?? null,
      run_dir,
    };
  }

  get step(): number {
    return this.#at.step;
  }

  /** Of several ranks, all stop after the same step: the one that all hear of it in. */
  get #stopping(): boolean {
    const { ranks, signal } = this.#parts;
    const isTold = this.#stop || this.#stopReason !== null;
    return isTold || (ranks.world_size === 1 && signal.aborted);
  }

  get #engineParts(): EngineParts {
    const { config, placement, ranks } = this.#parts;
    const { engine, device } = placement;
    const { files } = this.#data;
    return { config, placement: engine, device, world: ranks.native, files };
  }

  /** In the tokens of the stage. */
  get #data(): PreparedData {
    return this.#parts.data[this.#at.stage]!;
  }

  get #plan(): StagePlan {
    return this.#parts.stages[this.#at.stage]!;
  }

  /** As it stands, for those who measure it. */
  get #model() {
    const { step, stage_step } = this.#at;
    const ramp = rampOf(this.#plan, stage_step);
    return { engine: this.#engine!, data: this.#data, ramp, step };
  }

  async #firstEngine(): Promise<StageEngine | null | undefined> {
    const { stages, load } = this.#parts;
    const isAtBoundary =
      this.#at.stage_step >= this.#plan.steps && this.#at.stage + 1 < stages.length;
    // Growth starts from the checkpoint and needs no engine of the finished stage.
    if (isAtBoundary && !this.#at.evaluation_due) return undefined;
    return StageEngine.create(this.#engineParts, this.#rankStages[this.#at.stage]!, load);
  }

  async #trainStage(): Promise<void> {
    const { checkpoint, eval: evaluation } = this.#parts.config;
    if (this.#engine === null) return this.#waitOutStage();
    while (this.#at.stage_step < this.#plan.steps && !this.#stopping) {
      if (!(await this.#trainStep())) continue;
      const isLast = this.#at.stage_step === this.#plan.steps;
      if (this.#at.step % evaluation.interval_steps === 0 || isLast) await this.#evaluate();
      if (this.#at.step % checkpoint.interval_steps === 0 && !isLast) await this.#saveOnTheWay();
      this.#pendingSave.check();
    }
  }

  /** What a rank does that the stage does not use: it sees the others' checkpoints, the last of them ends the stage. */
  async #waitOutStage(): Promise<void> {
    while (this.#at.stage_step < this.#plan.steps && !this.#stopping) await this.#save();
  }

  /** False where no step has been made: the batch was replaced, or the run went back. */
  async #trainStep(): Promise<boolean> {
    const { config, objective, placement, ranks, recorder, signal } = this.#parts;
    const { stability } = config;
    const plan = this.#plan;
    const at = this.#at;
    const engine = this.#engine!;
    const ramp = rampOf(plan, at.stage_step);
    const lr = learningRate(config, at) * rateFactor(stability, at.stability.rollbacks.length);
    const limits = limitsOf(at.stability, stability, isSettling(plan, at.stage_step));
    const start = performance.now();
    const report = await objective.step(engine, this.#batches.next(at), {
      lr,
      ramp,
      stop: signal.aborted,
      ...limits,
    });
    const step_ms = performance.now() - start;
    this.#stop = report.stop && ranks.world_size > 1;
    this.#lastLoss = report.loss;
    const rejection = rejectionOf(at.step + 1, report, limits);
    const reaction = rejection && (await this.#react(rejection));
    if (reaction === "replace" || reaction === "rollback") return false;
    const tokens = plan.config.global_batch_size * plan.shape.seq_length;
    this.#trainedMs += step_ms;
    this.#trainedTokens += tokens;
    this.#at = {
      ...this.#at,
      stage_step: at.stage_step + 1,
      step: at.step + 1,
      tokens: at.tokens + tokens,
      flops: at.flops + tokens * plan.flops_per_token,
    };
    if (rejection === null) {
      this.#at.loss = report.loss;
      this.#at.stability = accepted(at.stability, report, stability);
    } else this.#at.skipped_steps += 1;
    const { memory_bytes } = engine;
    const used = ranksOf(this.#rankStages[at.stage]!.mesh);
    const facts = { lr, ramp: ramp.hidden, step_ms, memory_bytes, ranks: used };
    recorder.step(
      stepRow(this.#at, plan, placement, report, facts),
      this.#at.stage_step === plan.steps,
    );
    ranks.progress(this.#at.step);
    if (reaction === "stop")
      throw divergence(rejection!, stability, at.stability, this.#checkpoint !== null);
    return true;
  }

  /** All ranks have the same numbers before them, and so do the same about a rejected step. */
  async #react(rejection: Rejection): Promise<Reaction> {
    const { config, recorder } = this.#parts;
    const { stability } = config;
    const history = this.#at.stability;
    const isBackWanted = reactionTo(rejection, stability, history, true) === "rollback";
    if (isBackWanted) await this.#pendingSave.settle();
    const { mesh } = this.#rankStages[this.#at.stage]!;
    const target = isBackWanted ? await findTarget(this.#parts, this.#at, mesh) : null;
    const reaction = reactionTo(rejection, stability, history, target !== null);
    recorder.event({ type: "skip", ...rejection, action: reaction });
    if (reaction === "rollback") await this.#rollBack(target!, rejection);
    else {
      const rejected_in_a_row = history.rejected_in_a_row + 1;
      this.#at = { ...this.#at, stability: { ...history, rejected_in_a_row } };
    }
    return reaction;
  }

  async #rollBack(target: Checkpoint, rejection: Rejection): Promise<void> {
    const { config, store, stages, recorder, ranks } = this.#parts;
    const run = { config, stages, engine: this.#engine!, batches: this.#batches, at: this.#at };
    this.#at = await goBack(run, target, rejection);
    this.#checkpoint = target;
    this.#scored = null;
    const { rollbacks } = this.#at.stability;
    // A crash before the save below leaves the target as the newest checkpoint: what led here is then repeated.
    if (ranks.rank === 0) store.rewind(target);
    recorder.rewind(this.#at.step);
    recorder.event({
      type: "rollback",
      step: this.#at.step,
      number: rollbacks.length,
      rejected: rejection,
      lr_factor: rateFactor(config.stability, rollbacks.length),
    });
    await this.#saveNow();
  }

  async #evaluate(): Promise<void> {
    const { signal } = this.#parts;
    await this.#validate(() => signal.aborted);
    if (!this.#at.evaluation_due) await this.#score();
  }

  async #finish(): Promise<void> {
    if (this.#at.validation?.step !== this.#at.step) await this.#validate(() => false);
    await this.#score();
    await this.#sample();
  }

  async #score(): Promise<void> {
    const { config, ranks, recorder, signal } = this.#parts;
    if (this.#scored === this.#at.step) return;
    this.#scored = this.#at.step;
    const model = { ...this.#model, ranks, signal };
    for await (const event of scoreSuites(config.eval, model)) recorder.event(event);
  }

  /** What a stop has cut short before is made first, and saved: it moves the mixture, and is known with the checkpoint. */
  async #makeUpForEvaluation(): Promise<void> {
    if (this.#engine) await this.#evaluate();
    await this.#saveNow();
  }

  /** @param isAsked this rank has been asked to stop: the run that goes on from here validates in this one's place */
  async #validate(isAsked: () => boolean): Promise<void> {
    const { objective, recorder, config, ranks } = this.#parts;
    const scorer = abandonable(this.#engine!.native, isAsked);
    const model = { ...this.#model, scorer, config, batches: this.#batches };
    const event = await objective.validate(model).catch((error: unknown) => {
      if (error instanceof Abandoned) return error;
      throw error;
    });
    if (event instanceof Abandoned) {
      this.#stop = ranks.world_size > 1;
      this.#at = { ...this.#at, evaluation_due: true };
      return;
    }
    this.#at = { ...this.#at, evaluation_due: undefined };
    if (event === null) return;
    const { step, loss } = event;
    this.#at = { ...this.#at, validation: { step, loss: finiteOrNull(loss) } };
    recorder.event(event);
  }

  #refuseDiverged(): void {
    const losses: Record<string, number | null> = { training: this.#lastLoss };
    if (this.#at.validation?.step === this.#at.step) losses.validation = this.#at.validation.loss;
    const { is_per_token } = this.#parts.objective;
    refuseDiverged(losses, is_per_token ? this.#plan.shape.vocab_size : null);
  }

  async #saveOnTheWay(): Promise<void> {
    await this.#pendingSave.settle();
    // With a checkpoint ranks that wait hear whether the run stops, and all of them why: nothing gets ahead of that.
    const { mesh } = this.#rankStages[this.#at.stage]!;
    const { async } = this.#parts.config.checkpoint;
    const behind = async && ranksOf(mesh) === mesh.world_size && !this.#stopping;
    if (!behind) return this.#save();
    const { done } = await this.#beginSave(behind);
    this.#pendingSave.begin(done);
  }

  async #save(): Promise<void> {
    await this.#pendingSave.settle();
    const isSaved = this.#checkpoint?.manifest.step === this.#at.step;
    // Why they stop all ranks hear with a checkpoint, and those that wait that they do: also where a rejected step has
    // led nowhere since the last.
    const isToBeTold = this.#stop && this.#stopReason === null;
    if (this.#engine && isSaved && !isToBeTold) return;
    await this.#saveNow();
  }

  async #saveNow(): Promise<void> {
    const { done } = await this.#beginSave(false);
    await done;
    const reasons = await this.#parts.ranks.gather("stop", stopReason(this.#parts.signal));
    this.#stopReason = sharedReason(reasons);
    if (this.#engine === null) this.#standAt(this.#checkpoint!.manifest);
  }

  async #beginSave(behind: boolean): Promise<{ done: Promise<void> }> {
    const { config, store, recorder, ranks, placement } = this.#parts;
    const start = performance.now();
    const facts = {
      ...this.#at,
      package_version: version,
      epoch: ranks.epoch,
      parent: this.#checkpoint?.directory ?? null,
      data: this.#batches.state(),
      seed: config.seed,
      metrics_rows: recorder.metrics_rows,
      events_rows: recorder.events_rows,
      identity: identityOf(config, this.#at.stage, this.#data.fingerprint),
      device: {
        kind: placement.device.kind,
        name: placement.device.name,
        precision: placement.engine.precision,
      },
    };
    const saving = await saveCheckpoint(store, ranks, {
      engine: this.#engine ?? null,
      facts,
      behind,
      sync: () => recorder.sync(),
      keep: config.checkpoint.keep,
    });
    const done = saving.done.then(({ checkpoint, bytes }) => {
      this.#checkpoint = checkpoint;
      recorder.event({
        type: "checkpoint",
        step: checkpoint.manifest.step,
        path: checkpoint.directory,
        seconds: (performance.now() - start) / 1000,
        bytes,
      });
    });
    return { done };
  }

  async #grow(): Promise<void> {
    const { config, data, stages, recorder } = this.#parts;
    const after = stages[this.#at.stage + 1]!;
    await this.#endStage();
    await this.#sample();
    const running = this.#engine;
    this.#engine = null;
    const grown = await growStage(
      this.#engineParts,
      data,
      this.#rankStages[this.#at.stage]!,
      this.#rankStages[this.#at.stage + 1]!,
      this.#checkpoint!,
      running,
    );
    this.#engine = grown.engine;
    this.#at = grownInto(this.#at, this.#plan, after);
    recorder.event(grown.event);
    const message = carriedStepWarning(config.optimizer, after.config.growth);
    if (message !== null) recorder.event({ type: "warning", step: this.#at.step, message });
  }

  /** The stage's last checkpoint has been written. */
  async #endStage(): Promise<void> {
    const { ranks, recorder } = this.#parts;
    if (ranks.rank === 0) recorder.event(await stageEvent(this.#plan, this.#checkpoint!));
    // It reads all weights. Here the others may wait for as long as that takes, in their next operation not.
    await ranks.gather("stage/end", null);
  }

  async #sample(): Promise<void> {
    const { config, recorder } = this.#parts;
    if (config.eval.sample_prompt === null) return;
    const stage = this.#rankStages[this.#at.stage]!;
    const run = { config, data: this.#data, step: this.#at.step, parts: this.#engineParts, stage };
    const event = await sampleEvent(run, this.#engine, this.#checkpoint!);
    if (event !== null) recorder.event(event);
  }
}
