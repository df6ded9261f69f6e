import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepAlive } from "../../../lib/train/keepalive.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Reports after each second of the given pulses. */
function reports(pulses: { beats: number; busy: boolean }[]): number[] {
  let now = { beats: 0, busy: false };
  let count = 0;
  const timer = keepAlive(
    () => now,
    () => void count++,
  );
  const counts = pulses.map((pulse) => {
    now = pulse;
    vi.advanceTimersByTime(1000);
    return count;
  });
  clearInterval(timer);
  return counts;
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
