/** What a number of device hours costs. */
export interface Cost {
  gpu_hours: number;
  /** Null where the config names no price. */
  cost_usd: number | null;
  /** Of the devices alone, at their power limit. */
  energy_mwh: number;
  /** With cooling and the grid's carbon. */
  co2_tonnes: number;
}

/**
 * Assumed by `costOf`; printed with its results. Together they give FLM-101B's printed 26 t from its 40 MWh (spec: arXiv
 * 2309.03852, table 3), which does not name the two factors.
 */
export const CARBON_ASSUMPTIONS = { pue: 1.1, kg_co2_per_kwh: 0.585 } as const;

export function costOf(gpuHours: number, watts: number, pricePerHour: number | null): Cost {
  const energy_mwh = (gpuHours * watts) / 1e6;
  return {
    gpu_hours: gpuHours,
    cost_usd: pricePerHour === null ? null : gpuHours * pricePerHour,
    energy_mwh,
    co2_tonnes: energy_mwh * CARBON_ASSUMPTIONS.pue * CARBON_ASSUMPTIONS.kg_co2_per_kwh,
  };
}
