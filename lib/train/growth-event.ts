import type { Checkpoint } from "../checkpoint/store.ts";
import type { Config } from "../config/types.ts";
import type { PreparedData, RowPieces } from "../data/types.ts";
import { NO_RAMP } from "../growth/ramp.ts";
import { PIECE_FIELDS } from "../native/types.ts";
import { lossOfRows } from "../eval/loss-of-rows.ts";
import { type RunEvent, shapeOf } from "./events.ts";
import { grownLoad, resumeLoad, StageEngine } from "./session.ts";
import { type EnginePlacement, rampOf, type StagePlan } from "../growth/stage-plan.ts";

/** Rows of the fixed batch on which an event measures the loss before and after. */
const MEASURED_ROWS = 8;

type GrowthEvent = Extract<RunEvent, { type: "growth" }>;

/**
 * Makes the engine of `after` from the committed checkpoint of the stage before it, and measures the same batch
 * on both sides of the event. `running` is the old stage's engine where there is one; it is closed in any case.
 * Nothing is written: a run that stops right after the event grows again from the same checkpoint.
 */
export async function growStage(
  config: Config,
  data: PreparedData,
  placement: EnginePlacement,
  before: StagePlan,
  after: StagePlan,
  checkpoint: Checkpoint,
  running: StageEngine | null,
): Promise<{ engine: StageEngine; event: GrowthEvent }> {
  const start = performance.now();
  const rows = fixedBatch(data, Math.min(before.shape.seq_length, after.shape.seq_length));
  const old =
    running ??
    (await StageEngine.create(
      config,
      before,
      placement,
      resumeLoad(checkpoint),
      data.files,
      false,
    ));
  let loss_before: number;
  try {
    loss_before = (await lossOfRows(old.native, rows, before.config.micro_batch_size, NO_RAMP))
      .loss;
  } finally {
    await old.native.close();
  }
  const loadStart = performance.now();
  const engine = await StageEngine.create(
    config,
    after,
    placement,
    grownLoad(config, after, checkpoint),
    data.files,
  );
  const load_seconds = (performance.now() - loadStart) / 1000;
  const { micro_batch_size } = after.config;
  const loss_after = (await lossOfRows(engine.native, rows, micro_batch_size, rampOf(after, 0)))
    .loss;
  return {
    engine,
    event: {
      type: "growth",
      stage: after.index,
      step: checkpoint.manifest.step,
      from: shapeOf(before),
      to: shapeOf(after),
      parameters_before: before.parameters,
      parameters_after: after.parameters,
      preserving: after.growth!.preserving,
      loss_before,
      loss_after,
      load_seconds,
      seconds: (performance.now() - start) / 1000,
    },
  };
}

/** The first validation rows, or without validation the first rows of training. */
function fixedBatch(data: PreparedData, seq_length: number): RowPieces[] {
  const rows = data.validationRows(seq_length).slice(0, MEASURED_ROWS);
  return rows.length > 0 ? rows : splitRows(data.stream().next(MEASURED_ROWS, seq_length));
}

function splitRows(pieces: Float64Array): RowPieces[] {
  const rows = new Map<number, number[]>();
  for (let at = 0; at < pieces.length; at += PIECE_FIELDS) {
    const row = rows.get(pieces[at]!) ?? [];
    row.push(...pieces.subarray(at, at + PIECE_FIELDS));
    rows.set(pieces[at]!, row);
  }
  return [...rows.values()].map((fields) => Float64Array.from(fields));
}
