import type { Config } from "../../config/types.ts";
import { readTokens } from "../../data/corpus/document-index.ts";
import { prepareStages } from "../../data/prepare-stages.ts";
import type { PreparedData } from "../../data/types.ts";
import { counted } from "../../format.ts";
import { NO_RAMP } from "../../growth/ramp.ts";
import { planStages } from "../../growth/stage-plan.ts";
import { loadNative } from "../../native/load.ts";
import { choosePlacement } from "../../native/placement.ts";
import {
  changesOf,
  type Coordinate,
  type CoordinateRow,
  coordinateRows,
  FLAT_WITHIN,
  isFlat,
} from "../../scaling/coordinate-check.ts";
import { proxyConfig, type SweepPoint } from "../../scaling/sweep.ts";
import { aloneIn } from "../../train/rank-stage.ts";
import { initialLoad, StageEngine } from "../../train/session.ts";
import { textTable } from "../text-table.ts";

/** What `flm-train sweep --coordinate-check --json` prints. */
export interface CoordinateCheck {
  status: "done";
  steps: number;
  widths: readonly number[];
  mup: CoordinateRow[];
  /** The control: the same models without muP. */
  standard: CoordinateRow[];
  /** No change under muP differs by a factor of 2 or more between two widths. */
  flat: boolean;
}

export interface CoordinateCheckOptions {
  widths: readonly number[];
  /** Optimizer steps at the point's rate, without a warm-up. */
  steps: number;
  point: SweepPoint;
}

/**
 * Trains the proxy for a few steps at several widths, under muP and without, and compares how far the activations of one
 * sequence move. In f32: differences of narrow numbers would be rounding.
 *
 * @throws FlmError CONFIG_INVALID without muP; whatever preparing the data and training throw
 */
export async function checkCoordinates(
  config: Config,
  { widths, steps, point }: CoordinateCheckOptions,
): Promise<CoordinateCheck> {
  const stage = config.stages[0]!;
  const tokens = steps * stage.global_batch_size * stage.seq_length;
  const proxies = widths.map((width) => proxyConfig(config, point, { width, tokens }));
  const [data] = await prepareStages(proxies[0]!, { native: loadNative() });
  const rowsOf = async (configs: readonly Config[]) => {
    const changes: Record<Coordinate, number>[] = [];
    for (const proxy of configs) changes.push(await changesIn(proxy, data!, steps));
    return coordinateRows(changes);
  };
  const mup = await rowsOf(proxies);
  const standard = await rowsOf(
    proxies.map((proxy) => ({ ...proxy, model: { ...proxy.model, mup: null } })),
  );
  return { status: "done", steps, widths, mup, standard, flat: isFlat(mup) };
}

async function changesIn(
  proxy: Config,
  data: PreparedData,
  steps: number,
): Promise<Record<Coordinate, number>> {
  const config: Config = { ...proxy, precision: "f32" };
  const plan = planStages(config, data.tokenizer.vocab_size)[0]!;
  const { engine: placement, device } = choosePlacement(config, loadNative());
  const parts = { config, placement, device, world: null, files: data.files };
  const engine = (await StageEngine.create(parts, aloneIn(plan), initialLoad(config, plan)))!;
  try {
    const { seq_length } = plan.shape;
    const sequence = Int32Array.from(readTokens(data.files[0]!, seq_length)!);
    const before = await engine.native.activations(sequence);
    const stream = data.stream();
    for (let step = 0; step < steps; step++)
      await engine.step(stream.next(plan.config.global_batch_size, seq_length), {
        lr: plan.config.lr,
        ramp: NO_RAMP,
        stop: false,
        max_loss: Infinity,
        max_grad_norm: Infinity,
      });
    return changesOf(before, await engine.native.activations(sequence));
  } finally {
    await engine.native.close();
  }
}

export function coordinateText({ steps, widths, mup, standard, flat }: CoordinateCheck): string {
  const head = [...widths.map((width) => `width ${width}`), "largest / smallest"];
  const table = (name: string, rows: readonly CoordinateRow[]) =>
    textTable([
      [name, ...head],
      ...rows.map(({ coordinate, changes, ratio }) => [
        coordinate,
        ...changes.map((change) => change.toPrecision(3)),
        ratio.toFixed(2),
      ]),
    ]);
  const verdict = flat
    ? `flat under muP: no part differs by a factor of ${FLAT_WITHIN}`
    : `not flat under muP: a part differs by a factor of ${FLAT_WITHIN} or more`;
  return `${table("muP", mup)}\n${table("standard", standard)}\nmean change of activations after ${counted(steps, "step")}; ${verdict}\n`;
}
