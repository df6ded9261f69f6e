import { describe, expect, it } from "vitest";
import { describe as show } from "../e2e/support/cli.ts";
import { Meeting, supervise } from "./support/ranks.ts";

describe("local ranks", () => {
  it("are not waited for long when one alone is left", async () => {
    const meeting = new Meeting();
    const job = supervise(meeting, 3, ["1:leave", "2:leave", "0:ignore-signals"], {
      FLM_TEST_STOP_SECONDS: "3600",
    });
    await meeting.hear(3, job);
    meeting.goOn();
    const ended = await job.outcome;
    await meeting.allGone();
    expect(ended.code, show(ended)).toBe(75);
  });
});
