// Timing in turns: within a round every contender takes one step, so that what disturbs the machine disturbs all.
import { setTimeout as pause } from "node:timers/promises";

/** Idle threads of a runtime go on spinning for a moment after a step; the next contender waits for that to end. */
const PAUSE_MS = 50;

/**
 * @param contenders running ones; one that fails is left out from then on, and `onFailure(contender, error)` is told
 * @returns {Promise<Map<object, { ms: number, cpu_ms: number, loss: number }[]>>} the timed steps of each that lasted
 */
export async function takeTurns(contenders, { warmup, rounds, onFailure, onRound }) {
  const steps = new Map(contenders.map((contender) => [contender, []]));
  for (let round = -warmup; round < rounds; round++) {
    const order = [...steps.keys()];
    // Another one begins each round: the first may find the caches and the clock in another state.
    const first = Math.abs(round) % order.length;
    for (const contender of [...order.slice(first), ...order.slice(0, first)]) {
      await pause(PAUSE_MS);
      try {
        const step = await contender.ask("step");
        if (round >= 0) steps.get(contender).push(step);
      } catch (error) {
        steps.delete(contender);
        onFailure(contender, error);
      }
    }
    onRound(round + 1);
  }
  return steps;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
