import type { NativePulse } from "../native/types.ts";

const INTERVAL_MS = 1000;

/**
 * Calls `report` every second for as long as this rank gets on: its event loop turns, for else there is no tick, and
 * its engine, where that is at work, has done some of it since the last one. A job of the engine that never ends is so
 * told from a long one, although the process lives.
 */
export function keepAlive(pulse: () => NativePulse, report: () => void): NodeJS.Timeout {
  let last = pulse().beats;
  const tick = (): void => {
    const { beats, busy } = pulse();
    if (!busy || beats !== last) report();
    last = beats;
  };
  return setInterval(tick, INTERVAL_MS).unref();
}
