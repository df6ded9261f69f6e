import { extremes, quantile } from "../facts/curve.ts";
import { linearScale, type Scale } from "./scale.ts";

/** Share of the steps, the highest losses of which may lie above the plot: the fall of the first steps. */
const CUT = 0.03;

/**
 * The y axis of losses: all of `curves` but the highest few, and each of `shown` (validation, baselines, growth).
 */
export function lossScale(curves: readonly number[], shown: readonly number[]): Scale {
  const finite = [...shown.filter(Number.isFinite)];
  const cut = quantile(curves, 1 - CUT);
  if (Number.isFinite(cut)) finite.push(cut, extremes(curves).least);
  if (finite.length === 0) return linearScale(0, 1, true);
  const { least, greatest } = extremes(finite);
  const room = 0.05 * (greatest - least);
  return linearScale(least - room, greatest + room, true);
}
