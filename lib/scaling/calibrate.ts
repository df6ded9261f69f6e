import { FlmError } from "../errors.ts";

/** A stage that was run, and what the cost model says of it at `efficiency` 1. */
export interface MeasuredStage {
  name: string;
  measured_seconds: number;
  modelled_seconds: number;
}

export interface Calibration {
  /** For `hardware.efficiency`: modelled / measured, the geometric mean over stages. */
  efficiency: number;
  stages: readonly (MeasuredStage & {
    /** Modelled time at the fitted efficiency / measured − 1. */
    residual: number;
  })[];
}

/**
 * Fits the one number that scales the cost model to a machine.
 *
 * @throws FlmError INVALID_ARGUMENT without any measured stage
 */
export function calibrate(stages: readonly MeasuredStage[]): Calibration {
  if (stages.length === 0)
    throw new FlmError("INVALID_ARGUMENT", "there is no step to calibrate with", {
      hint: "give the metrics.jsonl of a run that took at least a few steps",
    });
  const logs = stages.map(({ modelled_seconds, measured_seconds }) =>
    Math.log(modelled_seconds / measured_seconds),
  );
  const efficiency = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
  return {
    efficiency,
    stages: stages.map((stage) => ({
      ...stage,
      residual: stage.modelled_seconds / efficiency / stage.measured_seconds - 1,
    })),
  };
}

/** The middle one, which a pause or a slow start does not move. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
