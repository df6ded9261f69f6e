import { describe, expect, it } from "vitest";
import { FlmError } from "../../../../lib/errors.ts";
import { rejection } from "../../failure.ts";
import { endOf, Job } from "./worlds.ts";

describe("a world", () => {
  it("gives every rank the endpoints and machines of all", async () => {
    const job = await Job.create(3);
    for (const world of await job.joinAll()) {
      expect(world.roster).toEqual([{ port: 7000 }, { port: 7001 }, { port: 7002 }]);
      expect(world.hosts).toEqual(["host 0", "host 1", "host 2"]);
    }
  });

  it("has an epoch above the highest that any rank has seen", async () => {
    const job = await Job.create(3);
    const worlds = await job.joinAll((rank) => ({ seen_epoch: [4, 7, 0][rank]! }));
    expect(worlds.map(({ epoch }) => epoch)).toEqual([8, 8, 8]);
  });

  it("gathers values in rank order, whoever comes first", async () => {
    const job = await Job.create(3);
    const worlds = await job.joinAll();
    const gathered = worlds.toReversed().map((world) => world.gather("ports", world.rank * 10));
    expect(await Promise.all(gathered)).toEqual(Array(3).fill([0, 10, 20]));
  });

  it("gathers the values of the first ranks alone, while the others do something else", async () => {
    const job = await Job.create(3);
    const worlds = await job.joinAll();
    const first = worlds
      .slice(0, 2)
      .map((world) => world.gather("scores", world.rank * 10, { ranks: 2 }));
    expect(await Promise.all(first)).toEqual(Array(2).fill([0, 10]));
    const all = worlds.map((world) => world.gather("scores", world.rank));
    expect(await Promise.all(all)).toEqual(Array(3).fill([0, 1, 2]));
  });

  it("keeps calls with one key apart by their order", async () => {
    const job = await Job.create(2);
    const [a, b] = await job.joinAll();
    const first = [a!.gather("k", "a1"), a!.gather("k", "a2")];
    const second = [b!.gather("k", "b1"), b!.gather("k", "b2")];
    expect(await Promise.all([...first, ...second])).toEqual([
      ["a1", "b1"],
      ["a2", "b2"],
      ["a1", "b1"],
      ["a2", "b2"],
    ]);
  });

  it("broadcasts rank 0's value and passes barriers together", async () => {
    const job = await Job.create(3);
    const worlds = await job.joinAll();
    const values = worlds.map((world) => world.broadcast("id", `from ${world.rank}`));
    expect(await Promise.all(values)).toEqual(Array(3).fill("from 0"));
    expect(await Promise.all(worlds.map((world) => world.barrier("end")))).toHaveLength(3);
  });

  it("of 64 ranks finds together", async () => {
    const job = await Job.create(64);
    const worlds = await job.joinAll();
    const ranks = await Promise.all(worlds.map((world) => world.gather("rank", world.rank)));
    expect(ranks[63]).toEqual(Array.from({ length: 64 }, (_, rank) => rank));
  });

  it("closes when all have left, rank 0 last", async () => {
    const job = await Job.create(3);
    const worlds = await job.joinAll();
    await Promise.all(worlds.map((world) => world.close()));
    expect(job.warnings).toEqual([]);
  });
});

describe("the end of a world", () => {
  it("comes to all with the name and the code of the rank that aborts", async () => {
    const job = await Job.create(3);
    const worlds = await job.joinAll();
    const reasons = worlds.map(
      (world) => new Promise<FlmError>((resolve) => world.onAbort(resolve)),
    );
    const waiting = rejection(worlds[0]!.barrier("never"));
    worlds[2]!.abort(new FlmError("DATA_INVALID", "token 70000 is not in the vocabulary"));
    const [first, second, own] = await Promise.all(reasons);
    expect(own!.message).toBe("token 70000 is not in the vocabulary");
    expect(own!.rank).toBeUndefined();
    for (const reason of [first!, second!, await waiting]) {
      expect(reason.message).toBe("rank 2 (host 2): token 70000 is not in the vocabulary");
      expect(reason.exitCode).toBe(65);
      expect(reason.rank).toBe(2);
    }
  });

  it("blames the rank that has failed, whichever tells of it", async () => {
    const job = await Job.create(3);
    const worlds = await job.joinAll();
    const reasons = worlds.map(
      (world) => new Promise<FlmError>((resolve) => world.onAbort(resolve)),
    );
    worlds[1]!.abort(new FlmError("IO", "rank 2: no space left", { rank: 2 }));
    const heard = (await Promise.all(reasons)).map(({ message, rank }) => [message, rank]);
    const text = "rank 2: no space left";
    expect(heard).toEqual([
      [text, 2],
      [text, 2],
      // It is the one to say so.
      [text, undefined],
    ]);
  });

  it("is told to who listens late, and ends later calls", async () => {
    const job = await Job.create(2);
    const [a, b] = await job.joinAll();
    const told = endOf(b!);
    a!.abort("enough");
    await told;
    expect(await endOf(b!)).toBe("rank 0 (host 0): enough");
    expect((await rejection(b!.gather("k", 1))).message).toBe("rank 0 (host 0): enough");
  });

  it("comes when a rank leaves that others wait for", async () => {
    const job = await Job.create(2);
    const [a, b] = await job.joinAll();
    const waiting = rejection(a!.gather("losses", 1));
    await b!.close();
    expect((await waiting).message).toBe(
      'rank 1 (host 1) has left, but others wait for it at gather("losses")',
    );
  });

  it("comes when ranks call different things, and names both", async () => {
    const job = await Job.create(2);
    const [a, b] = await job.joinAll();
    const waiting = [rejection(a!.gather("k", 1)), rejection(b!.barrier("k"))];
    const [first] = await Promise.all(waiting);
    expect(first!.message).toMatch(/rank [01] calls (gather|barrier)\("k"\), rank [01] calls/);
  });

  it("comes when a rank does not come to a gather in time, and names it", async () => {
    const job = await Job.create(3);
    const [a, b] = await job.joinAll();
    const waiting = [a!, b!].map((world) =>
      rejection(world.gather("losses", 1, { timeout_seconds: 0.05 })),
    );
    for (const error of await Promise.all(waiting)) {
      expect(error.code).toBe("COMM_TIMEOUT");
      expect(error.message).toBe('gather("losses"): rank 2 did not come within 0.05 s');
    }
  });

  it("comes when a rank lives but makes no progress, and names it", async () => {
    const job = await Job.create(2);
    const timing = { heartbeat_ms: 10 };
    const [a, b] = await job.joinAll(() => ({ watchdog_seconds: 0.2, timing }));
    a!.progress(13);
    b!.progress(12);
    const busy = setInterval(() => a!.progress(13), 10);
    expect(await endOf(a!)).toBe(
      "no progress for 0.2 s, although the process lives: rank 1 (host 1) at step 12; others have reached step 13",
    );
    clearInterval(busy);
  });

  it("does not take values above the limit, and goes on", async () => {
    const job = await Job.create(1);
    const [world] = await job.joinAll();
    const error = await rejection(world!.gather("big", "x".repeat(9 << 20)));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(await world!.gather("small", 1)).toEqual([1]);
  });
});
