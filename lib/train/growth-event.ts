import type { Checkpoint } from "../checkpoint/store.ts";
import type { PreparedData, RowPieces } from "../data/types.ts";
import { NO_RAMP } from "../growth/ramp.ts";
import { PIECE_FIELDS } from "../native/types.ts";
import { type RunEvent, shapeOf } from "./events.ts";
import type { RankStage } from "./rank-stage.ts";
import { type EngineParts, grownLoad, resumeLoad, StageEngine } from "./session.ts";
import { rampOf } from "../growth/stage-plan.ts";

/** Rows of the fixed batch on which an event measures the loss before and after. */
const MEASURED_ROWS = 8;

type GrowthEvent = Extract<RunEvent, { type: "growth" }>;

/**
 * Makes the engine of `after` from the committed checkpoint of the stage before it, and measures the same batch
 * on both sides of the event. `running` is this rank's engine of the old stage, closed in any case; undefined where no
 * rank has made one.
 * Nothing is written: a run that stops right after the event grows again from the same checkpoint.
 *
 * Collective over the world's ranks; a rank that one of the stages does not use has no engine, and NaN for its loss.
 */
export async function growStage(
  parts: EngineParts,
  data: PreparedData,
  before: RankStage,
  after: RankStage,
  checkpoint: Checkpoint,
  running: StageEngine | null | undefined,
): Promise<{ engine: StageEngine | null; event: GrowthEvent }> {
  const start = performance.now();
  const { plan: small } = before;
  const { plan: large } = after;
  const rows = fixedBatch(data, Math.min(small.shape.seq_length, large.shape.seq_length));
  const old =
    running === undefined
      ? await StageEngine.create(parts, before, resumeLoad(checkpoint), false)
      : running;
  let loss_before = NaN;
  try {
    if (old) loss_before = (await old.lossOfRows(rows, NO_RAMP)).loss;
  } finally {
    await old?.native.close();
  }
  const loadStart = performance.now();
  const load = grownLoad(parts.config, large, checkpoint);
  const engine = await StageEngine.create(parts, after, load);
  const load_seconds = (performance.now() - loadStart) / 1000;
  const loss_after = engine ? (await engine.lossOfRows(rows, rampOf(large, 0))).loss : NaN;
  return {
    engine,
    event: {
      type: "growth",
      stage: large.index,
      step: checkpoint.manifest.step,
      from: shapeOf(small),
      to: shapeOf(large),
      parameters_before: small.parameters,
      parameters_after: large.parameters,
      preserving: large.growth!.preserving,
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
