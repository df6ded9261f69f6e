import { expect, it } from "vitest";
import type { RankExit } from "../../../../lib/parallel/launch/rank-process.ts";
import { judge } from "../../../../lib/parallel/launch/verdict.ts";

function exit(rank: number, how: Partial<RankExit>): RankExit {
  return { rank, code: null, signal: null, was_stopped: false, last_lines: [], ...how };
}

it.each<[string, RankExit[], number, string | null]>([
  ["all are done", [exit(1, { code: 0 }), exit(0, { code: 0 })], 0, null],
  [
    "one fails",
    [exit(0, { code: 0 }), exit(1, { code: 65, last_lines: ["a", "error: b"] })],
    65,
    "rank 1 ended with exit code 65; its last lines:\n[1] a\n[1] error: b",
  ],
  [
    "one is killed",
    [exit(2, { signal: "SIGKILL" }), exit(0, { code: 75 })],
    75,
    "rank 2 ended with signal SIGKILL",
  ],
  [
    "others notice first",
    [exit(0, { code: 75 }), exit(1, { code: 75 }), exit(2, { code: 71 })],
    71,
    "rank 2 ended with exit code 71",
  ],
  [
    "others are told first",
    [exit(0, { code: 65 }), exit(2, { code: 65 }), exit(1, { code: 65, last_lines: ["error: b"] })],
    65,
    "rank 1 ended with exit code 65; its last lines:\n[1] error: b",
  ],
  [
    "rank 0 fails, whose words are shown already",
    [exit(2, { code: 64 }), exit(0, { code: 64 })],
    64,
    "rank 0 ended with exit code 64",
  ],
  [
    "others had to be stopped",
    [exit(0, { signal: "SIGTERM", was_stopped: true }), exit(1, { code: 70, last_lines: ["a"] })],
    70,
    "rank 1 ended with exit code 70; its last lines:\n[1] a",
  ],
  [
    "rank 0 fails and is stopped while it ends",
    [exit(1, { code: 64 }), exit(0, { signal: "SIGTERM", was_stopped: true })],
    64,
    "the ranks ended with exit code 64",
  ],
  [
    "one that has said why is stopped while it ends",
    [
      exit(0, { code: 74 }),
      exit(2, { signal: "SIGTERM", was_stopped: true, last_lines: ["warning: a"] }),
      exit(1, { signal: "SIGTERM", was_stopped: true, last_lines: ["error: b"] }),
    ],
    74,
    "rank 1 ended with exit code 74; its last lines:\n[1] error: b",
  ],
  [
    "all are pre-empted",
    [exit(1, { code: 75 }), exit(0, { code: 75 })],
    75,
    "rank 1 ended with exit code 75",
  ],
])("when %s", (_, exits, exit_code, message) => {
  expect(judge(exits, false)).toEqual({ exit_code, message });
});

it("says nothing of ranks that end as the user told them to, but of those that do not", () => {
  const saved = exit(0, { code: 130 });
  expect(judge([saved, exit(1, { code: 130 })], true)).toEqual({ exit_code: 130, message: null });
  expect(judge([saved, exit(1, { code: 74 })], true)).toEqual({
    exit_code: 74,
    message: "rank 1 ended with exit code 74",
  });
});
