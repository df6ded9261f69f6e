import { sourceNames } from "../config/source-names.ts";
import type { Config } from "../config/types.ts";
import type { PreparedData } from "../data/types.ts";
import type { LossReport } from "../eval/loss-of-rows.ts";
import type { Ramp } from "../native/types.ts";
import type { Scorer } from "./abandonable.ts";
import type { BatchFeed } from "./batch-feed.ts";
import type { RunEvent } from "./events.ts";
import type { StageEngine } from "./session.ts";

export interface ValidatedModel {
  engine: StageEngine;
  /** That engine, as this validation uses it. */
  scorer: Scorer;
  config: Config;
  data: PreparedData;
  batches: BatchFeed;
  ramp: Ramp;
  step: number;
}

type ValidationEvent = Extract<RunEvent, { type: "validation" }>;

/**
 * Measures the model on the validation set, source by source, and tells the losses to the batches' mixture. Null where
 * the run has nothing to measure. Collective over the ranks of the stage, which all get the same.
 */
export async function validate(model: ValidatedModel): Promise<ValidationEvent | null> {
  const { engine, scorer, config, data, batches, ramp, step } = model;
  if (data.validation_tokens === 0 || !config.eval.suites.includes("perplexity")) return null;
  const { seq_length } = engine.stage.plan.shape;
  const reports: (LossReport | null)[] = [];
  for (const source of config.data.sources.keys()) {
    const rows = data.validationRows(seq_length, source);
    reports.push(rows.length === 0 ? null : await engine.lossOfRows(rows, ramp, scorer));
  }
  batches.heed(
    reports.map((report) => report?.loss ?? null),
    engine.stage.plan.index,
  );
  const names = sourceNames(config.data.sources);
  const shares = batches.shares();
  const sources = reports.flatMap((report, i) =>
    report === null
      ? []
      : [
          {
            name: names[i]!,
            ...scores(report, data.source_bytes_per_token[i]!),
            share: shares[i]!,
          },
        ],
  );
  const total = scores(joined(reports), data.bytes_per_token);
  return {
    type: "validation",
    step,
    ...total,
    perplexity: Math.exp(total.loss),
    ...(names.length > 1 ? { sources } : {}),
  };
}

function scores({ loss, targets }: LossReport, bytes_per_token: number) {
  return { loss, bits_per_byte: loss / Math.LN2 / bytes_per_token, tokens: targets };
}

function joined(reports: readonly (LossReport | null)[]): LossReport {
  const measured = reports.filter((report) => report !== null);
  const targets = measured.reduce((sum, report) => sum + report.targets, 0);
  const [only] = measured;
  if (measured.length === 1) return only!;
  return {
    loss: measured.reduce((sum, report) => sum + report.loss * report.targets, 0) / targets,
    targets,
  };
}
