import { growingSizes } from "../config/shape.ts";
import type { Checkpoint } from "../checkpoint/store.ts";
import type { PreparedData, RowPieces } from "../data/types.ts";
import type { LossReport } from "../eval/loss-of-rows.ts";
import { NO_RAMP } from "../growth/ramp.ts";
import { PIECE_FIELDS } from "../native/types.ts";
import type { RunEvent } from "./events.ts";
import type { RankStage } from "./rank-stage.ts";
import { sameText, type TextRows } from "./same-text.ts";
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
 *
 * @param data one a stage
 */
export async function growStage(
  parts: EngineParts,
  data: readonly PreparedData[],
  before: RankStage,
  after: RankStage,
  checkpoint: Checkpoint,
  running: StageEngine | null | undefined,
): Promise<{ engine: StageEngine | null; event: GrowthEvent }> {
  const start = performance.now();
  const { plan: small } = before;
  const { plan: large } = after;
  const [oldData, newData] = [data[small.index]!, data[large.index]!];
  const seq_length = Math.min(small.shape.seq_length, large.shape.seq_length);
  const batch = fixedBatch(oldData, newData, seq_length);
  const old =
    running === undefined
      ? await StageEngine.create(parts, before, resumeLoad(checkpoint), false)
      : running;
  let loss_before = UNKNOWN;
  try {
    if (old) loss_before = await old.lossOfRows(batch.before.rows, NO_RAMP);
  } finally {
    await old?.native.close();
  }
  const loadStart = performance.now();
  const load = grownLoad(parts.config, large, checkpoint);
  const engine = await StageEngine.create({ ...parts, files: newData.files }, after, load);
  const load_seconds = (performance.now() - loadStart) / 1000;
  const loss_after = engine ? await engine.lossOfRows(batch.after.rows, rampOf(large, 0)) : UNKNOWN;
  return {
    engine,
    event: {
      type: "growth",
      stage: large.index,
      step: checkpoint.manifest.step,
      from: growingSizes(small.shape),
      to: growingSizes(large.shape),
      parameters_before: small.parameters,
      parameters_after: large.parameters,
      preserving: large.growth!.preserving,
      loss_before: loss_before.loss,
      loss_after: loss_after.loss,
      ...(oldData !== newData && {
        bits_per_byte: {
          before: bitsPerByte(loss_before, batch.before),
          after: bitsPerByte(loss_after, batch.after),
        },
      }),
      load_seconds,
      seconds: (performance.now() - start) / 1000,
    },
  };
}

const UNKNOWN: LossReport = { loss: NaN, targets: 0 };

/** The first validation rows, or without validation the first rows of training; the same text in other tokens. */
function fixedBatch(
  before: PreparedData,
  after: PreparedData,
  seq_length: number,
): { before: TextRows; after: TextRows } {
  if (before !== after) return sameText(before, after, seq_length, MEASURED_ROWS);
  const held = after.validationRows(seq_length).slice(0, MEASURED_ROWS);
  const rows = held.length > 0 ? held : splitRows(after.stream().next(MEASURED_ROWS, seq_length));
  const same = { rows, bytes: NaN };
  return { before: same, after: same };
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

function bitsPerByte({ loss, targets }: LossReport, { bytes }: TextRows): number {
  return (loss * targets) / Math.LN2 / bytes;
}
