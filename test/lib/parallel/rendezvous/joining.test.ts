import { describe, expect, it } from "vitest";
import { rejection } from "../../failure.ts";
import { type Changes, endOf, Job } from "./worlds.ts";

/** Ranks 0 and 1, of which rank 1 is different: what each of them is told. */
async function refused(changes: Changes, rank0: Changes = {}) {
  const job = await Job.create(2);
  const errors = [rejection(job.join(0, rank0)), rejection(job.join(1, changes))];
  return await Promise.all(errors);
}

describe("joining", () => {
  it.each<[string, Changes, string]>([
    [
      "package",
      { version: "0.0.9" },
      "rank 1 (host 1) has flm-train 0.0.9, rank 0 (host 0) has flm-train 0.0.8",
    ],
    [
      "config",
      { config_hash: "beef" },
      "rank 1 (host 1) has the config with hash beef, rank 0 (host 0) has the config with hash c0ffee",
    ],
    [
      "world size",
      { launch: { world_size: 3, local_world_size: 3 } },
      "rank 1 (host 1) has a world size of 3, rank 0 (host 0) has a world size of 2",
    ],
  ])("fails on all ranks where one has another %s, with both values", async (_, changes, text) => {
    for (const error of await refused({ version: "0.0.8", ...changes }, { version: "0.0.8" })) {
      expect(error.message).toBe(text);
      expect(error.exitCode).toBe(78);
    }
  });

  it("says which ranks are missing when the time is up, to all that came", async () => {
    const job = await Job.create(8);
    const errors = [0, 3].map((rank) => rejection(job.join(rank, { timeout_seconds: 0.5 })));
    for (const error of await Promise.all(errors)) {
      expect(error.code).toBe("COMM_TIMEOUT");
      expect(error.message).toBe("2 of 8 ranks have come within 0.5 s; missing: 1-2, 4-7");
    }
  });

  it("says where it looked for a rank 0 that does not come", async () => {
    const job = await Job.create(2);
    const timing = { silence_ms: 100 };
    const error = await rejection(job.join(1, { timeout_seconds: 0.1, timing }));
    expect(error.code).toBe("COMM_TIMEOUT");
    expect(error.message).toContain(
      `rank 0 at 127.0.0.1:${job.port} within 0.1 s: connect ECONNREFUSED`,
    );
  });

  it("refuses a rank that is there already, and keeps the first", async () => {
    const job = await Job.create(3);
    const others = [job.join(0)];
    const first = await job.knock(1);
    const error = await rejection(job.join(1, { host: "elsewhere" }));
    expect(error.message).toMatch(
      /^rank 1 is there twice: on host 1 \(127.0.0.1:\d+\) and on elsewhere$/,
    );
    others.push(job.join(2));
    expect(await first.channel.next()).toMatchObject({ type: "joined", epoch: 1 });
    first.channel.destroy("the test is over");
    await Promise.all(others);
  });

  it("refuses a rank that the world does not have", async () => {
    const job = await Job.create(2);
    const zero = job.join(0);
    const error = await rejection(job.join(2));
    expect(error.message).toBe("rank 2 (host 2) does not exist in a world of 2 ranks");
    await Promise.all([zero, job.join(1)]);
    expect(job.warnings).toEqual([`refused: ${error.message}`]);
  });

  it("forgets a rank that goes away before all are there", async () => {
    const job = await Job.create(3);
    const others = [job.join(0)];
    (await job.knock(1)).channel.destroy("it has crashed");
    others.push(job.join(1), job.join(2));
    await Promise.all(others);
  });
});

describe("fencing", () => {
  it("refuses a rank that comes when all are there", async () => {
    const job = await Job.create(2);
    const worlds = await job.joinAll(() => ({ seen_epoch: 2 }));
    const error = await rejection(job.join(1, { host: "old", seen_epoch: 1 }));
    expect(error.exitCode).toBe(75);
    expect(error.message).toBe("rank 1 (old) came when epoch 3 had begun with all its ranks");
    expect(await Promise.all(worlds.map((world) => world.gather("k", 1)))).toHaveLength(2);
  });

  it("refuses a rank of an earlier attempt", async () => {
    const job = await Job.create(2);
    const zero = job.join(0, { launch: { attempt: 2 } });
    const error = await rejection(job.join(1, { host: "old", launch: { attempt: 1 } }));
    expect(error.message).toBe("rank 1 (old) belongs to attempt 1 of the job, which is at 2");
    await Promise.all([zero, job.join(1, { launch: { attempt: 2 } })]);
  });

  it("ends a world when a rank of a later attempt knocks", async () => {
    const job = await Job.create(2);
    const worlds = await job.joinAll();
    const ends = worlds.map(endOf);
    const late = rejection(
      job.join(1, {
        host: "new",
        launch: { attempt: 1 },
        timeout_seconds: 0.2,
        timing: { silence_ms: 100 },
      }),
    );
    for (const end of await Promise.all(ends))
      expect(end).toBe("attempt 0 of the job is superseded: rank 1 (new) belongs to attempt 1");
    // It tries again until the rank 0 of its own attempt has taken the address over.
    expect((await late).code).toBe("COMM_TIMEOUT");
  });

  it("ends a world when a rank has seen a later epoch", async () => {
    const job = await Job.create(2);
    const worlds = await job.joinAll();
    const ends = worlds.map(endOf);
    await rejection(
      job.join(1, {
        host: "new",
        seen_epoch: 5,
        timeout_seconds: 0.2,
        timing: { silence_ms: 100 },
      }),
    );
    for (const end of await Promise.all(ends))
      expect(end).toBe("epoch 1 is superseded: rank 1 (new) has seen epoch 5");
  });

  it.each<[string, Changes]>([
    ["epoch", { seen_epoch: 5 }],
    ["attempt", { launch: { attempt: 1 } }],
  ])("ends no world for a later %s of another run, where jobs have no name", async (_, later) => {
    const job = await Job.create(2);
    const worlds = await job.joinAll(() => ({ launch: { job_id: null } }));
    const error = await rejection(
      job.join(1, {
        host: "other",
        config_hash: "beef",
        ...later,
        launch: { job_id: null, ...later.launch },
      }),
    );
    expect(error.exitCode).toBe(78);
    expect(error.message).toBe(
      "rank 1 (other) has come to another run, which has begun with all its ranks: rank 0 (host 0) listens there " +
        "with the config with hash c0ffee, this one's has beef",
    );
    expect(error.hint).toContain("MASTER_PORT");
    expect(await Promise.all(worlds.map((world) => world.gather("k", 1)))).toHaveLength(2);
  });
});
