/** What failures cost a run, and how often to save. Seconds and bytes. */
export interface Reliability {
  /** Masters in f32 and both moments: what a checkpoint of this package holds. */
  checkpoint_bytes: number;
  checkpoint_seconds: number;
  /** Least time lost to saving and to redoing what was not saved (Young 1974, Daly 2006). */
  best_interval_seconds: number;
  mean_seconds_between_failures: number;
  expected_failures: number;
  /** Share of the time that is neither spent on saving nor lost to failures, at the best interval. */
  goodput: number;
}

/** Assumed by `reliability`; printed with its results. */
export const RELIABILITY_ASSUMPTIONS = {
  /** 419 interruptions on 16,384 GPUs in 54 days (spec: Llama 3, arXiv 2407.21783): 50,700 hours a GPU. */
  device_hours_between_failures: 50_700,
  storage_bytes_per_second_per_node: 2e9,
  restart_seconds: 300,
} as const;

/** @param seconds wall time of the run */
export function reliability(run: {
  parameters: number;
  /** Of each of AdamW's two moments. */
  moment_bytes: 2 | 4;
  devices: number;
  devices_per_node: number;
  seconds: number;
}): Reliability {
  const { device_hours_between_failures, storage_bytes_per_second_per_node, restart_seconds } =
    RELIABILITY_ASSUMPTIONS;
  const nodes = Math.ceil(run.devices / run.devices_per_node);
  const checkpoint_bytes = run.parameters * (4 + 2 * run.moment_bytes);
  const checkpoint_seconds = checkpoint_bytes / (nodes * storage_bytes_per_second_per_node);
  const betweenFailures = (device_hours_between_failures * 3600) / run.devices;
  const interval = bestInterval(checkpoint_seconds, betweenFailures);
  return {
    checkpoint_bytes,
    checkpoint_seconds,
    best_interval_seconds: interval,
    mean_seconds_between_failures: betweenFailures,
    expected_failures: run.seconds / betweenFailures,
    goodput: goodput(interval, checkpoint_seconds, betweenFailures, restart_seconds),
  };
}

/** τ = √(2 δ M): time to save δ, mean time between failures M. */
export function bestInterval(saving: number, betweenFailures: number): number {
  return Math.sqrt(2 * saving * betweenFailures);
}

/** 1 − δ/τ − (τ/2 + R)/M: a failure costs half an interval and a restart R. Never below 0. */
export function goodput(
  interval: number,
  saving: number,
  betweenFailures: number,
  restart: number,
): number {
  return Math.max(0, 1 - saving / interval - (interval / 2 + restart) / betweenFailures);
}
