import { describe, expect, it } from "vitest";
import { describe as show } from "../e2e/support/cli.ts";
import { expectFailure } from "../e2e/support/failures.ts";
import { project, SMALL } from "../e2e/support/project.ts";
import { Meeting, supervise } from "./support/ranks.ts";

describe("local ranks", () => {
  it("are told their place and a secret that no other process can read", async () => {
    const meeting = new Meeting();
    const job = supervise(meeting, 3, ["all:finish"]);
    const ranks = await meeting.hear(3, job);
    meeting.goOn();
    const ended = await job.outcome;
    expect(ended.code, show(ended)).toBe(0);
    const [first] = ranks;
    for (const [index, rank] of ranks.entries()) {
      expect(rank).toMatchObject({
        RANK: String(index),
        LOCAL_RANK: String(index),
        WORLD_SIZE: "3",
        MASTER_ADDR: "127.0.0.1",
        MASTER_PORT: first!.MASTER_PORT,
        secret: first!.secret,
        secret_mode: 0o600,
      });
      expect(rank.secret).toMatch(/^[0-9a-f]{64}$/);
      expect(rank.command).not.toContain(rank.secret);
      expect(rank.environment).not.toContain(rank.secret);
    }
    // Rank 0 speaks as the command itself, the others behind their rank.
    const lines = ended.stderr.trim().split("\n");
    expect(lines.toSorted()).toEqual([
      "[1] rank 1 goes on",
      "[2] rank 2 goes on",
      "rank 0 goes on",
    ]);
  });

  it("end at once where their secret has no place, with its name", async () => {
    const stages = [{ ...SMALL, parallel: { data_parallel_size: 2 } }];
    const { directory, path } = project({ stages });
    const TMPDIR = path("nowhere");
    await expectFailure(
      ["config.yaml"],
      { cwd: directory, env: { TMPDIR } },
      { exit: 74, code: "IO", says: ["the job's secret", TMPDIR], remedy: "TMPDIR" },
    );
  });

  it("all end when one fails: with its exit code and its last words", async () => {
    const meeting = new Meeting();
    const job = supervise(meeting, 3, ["2:fail"]);
    await meeting.hear(3, job);
    meeting.goOn();
    const ended = await job.outcome;
    await meeting.allGone();
    expect(ended.code, show(ended)).toBe(65);
    expect(ended.stderr).toContain(
      "rank 2 ended with exit code 65; its last lines:\n" +
        "[2] rank 2 goes on\n[2] error: token 70000 is not in the vocabulary\n",
    );
  });

  it("all end when one is killed, also those that ignore SIGTERM; the exit code says: again", async () => {
    const meeting = new Meeting();
    const job = supervise(meeting, 3, ["1:kill", "0:ignore-signals"], {
      FLM_TEST_STOP_SECONDS: "0.2",
    });
    await meeting.hear(3, job);
    meeting.goOn();
    const ended = await job.outcome;
    await meeting.allGone();
    expect(ended.code, show(ended)).toBe(75);
    expect(ended.stderr).toContain("rank 1 ended with signal SIGKILL");
  });

  it("get a signal once, and are not hurried while they save", async () => {
    const meeting = new Meeting();
    const job = supervise(meeting, 3, ["all:save-on-signal"]);
    await meeting.hear(3, job);
    job.child.kill("SIGTERM");
    const ended = await job.outcome;
    expect(ended.code, show(ended)).toBe(75);
    expect(ended.stderr.match(/saving/g)).toHaveLength(3);
  });

  it("end when the process that started them is killed, whatever they are at", async () => {
    const meeting = new Meeting();
    const job = supervise(meeting, 3, ["1:block", "2:block", "2:ignore-signals", "2:short-grace"]);
    await meeting.hear(3, job);
    meeting.goOn();
    job.child.kill("SIGKILL");
    await job.outcome;
    await meeting.allGone();
  });

  it("are named where they cannot be started", async () => {
    const meeting = new Meeting();
    const job = supervise(meeting, 2, ["all:finish"], { FLM_TEST_SCRIPT: "/nowhere.mjs" });
    const ended = await job.outcome;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("Cannot find module '/nowhere.mjs'");
    expect(ended.stderr).toMatch(/rank [01] ended with exit code 1/);
  });
});
