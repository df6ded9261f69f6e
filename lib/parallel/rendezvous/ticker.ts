import type { Timing } from "./options.ts";

/**
 * Calls `tick` at every heartbeat with the monotonic time.
 *
 * `stood_still` says that this process itself did not run for a while (SIGSTOP, a suspended machine): then what the
 * others have said meanwhile is not read yet, and their silence means nothing.
 */
export function everyHeartbeat(
  { heartbeat_ms, silence_ms }: Timing,
  tick: (now: number, stood_still: boolean) => void,
): NodeJS.Timeout {
  let last = performance.now();
  return setInterval(() => {
    const now = performance.now();
    const stood_still = now - last > heartbeat_ms + silence_ms / 2;
    last = now;
    tick(now, stood_still);
  }, heartbeat_ms);
}
