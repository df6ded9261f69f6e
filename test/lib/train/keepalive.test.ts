import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepAlive, whenItHangs } from "../../../lib/train/keepalive.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Reports after each second of the given pulses. */
function reports(
  pulses: { beats: number; busy: boolean }[],
  start: typeof keepAlive | typeof whenItHangs = keepAlive,
): number[] {
  let now = { beats: 0, busy: false };
  let count = 0;
  start(
    () => now,
    () => void count++,
  );
  return pulses.map((pulse) => {
    now = pulse;
    vi.advanceTimersByTime(1000);
    return count;
  });
}

test("a rank without a job gets on", () => {
  expect(reports([0, 0, 0].map((beats) => ({ beats, busy: false })))).toEqual([1, 2, 3]);
});

test("a job that does some of its work gets on", () => {
  expect(reports([1, 2, 7].map((beats) => ({ beats, busy: true })))).toEqual([1, 2, 3]);
});

test("a job that does nothing is not reported, however often it is asked", () => {
  expect(reports([3, 3, 3, 4].map((beats) => ({ beats, busy: true })))).toEqual([1, 1, 1, 2]);
});

test("an engine hangs when it is at work and does nothing for three seconds on end", () => {
  const busy = [1, 1, 1, 2, 2, 2, 2, 2].map((beats) => ({ beats, busy: true }));
  expect(reports(busy, whenItHangs)).toEqual([0, 0, 0, 0, 0, 0, 1, 1]);
});

test("an engine without a job does not hang", () => {
  const idle = [0, 0, 0, 0, 0].map((beats) => ({ beats, busy: false }));
  expect(reports(idle, whenItHangs)).toEqual([0, 0, 0, 0, 0]);
});
