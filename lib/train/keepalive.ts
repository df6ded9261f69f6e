import type { NativePulse } from "../native/types.ts";

const INTERVAL_MS = 1000;
/** An engine that has been told to end and does nothing for so many intervals will never end. */
const HUNG_INTERVALS = 3;

/**
 * Calls `report` every second for as long as this rank gets on: its event loop turns, for else there is no tick, and
 * its engine, where that is at work, has done some of it since the last one. A job of the engine that never ends is so
 * told from a long one, although the process lives.
 */
export function keepAlive(pulse: () => NativePulse, report: () => void): NodeJS.Timeout {
  return everyInterval(pulse, (getsOn) => getsOn && report());
}

/** Calls `report` once, when the engine of a world that has ended turns out to hang: its job will never come back. */
export function whenItHangs(pulse: () => NativePulse, report: () => void): void {
  let idle = 0;
  const timer = everyInterval(pulse, (getsOn) => {
    idle = getsOn ? 0 : idle + 1;
    if (idle < HUNG_INTERVALS) return;
    clearInterval(timer);
    report();
  });
}

function everyInterval(pulse: () => NativePulse, tick: (getsOn: boolean) => void): NodeJS.Timeout {
  let last = pulse().beats;
  return setInterval(() => {
    const { beats, busy } = pulse();
    tick(!busy || beats !== last);
    last = beats;
  }, INTERVAL_MS).unref();
}
