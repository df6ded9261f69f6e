import { expect, it } from "vitest";
import { TIMING } from "../../../../lib/parallel/rendezvous/options.ts";
import { Store } from "../../../../lib/parallel/rendezvous/store.ts";
import { version } from "../../../../lib/version.ts";
import { endOf, Job } from "./worlds.ts";

it("a rank names rank 0 when the store's connection closes", async () => {
  const job = await Job.create(2);
  const identity = { job: "test", rank: 0, version, seen_epoch: 0, attempt: 0 };
  const join = { type: "join", host: "host 0", world_size: 2, config_hash: "c0ffee", endpoint: 0 };
  const store = await Store.listen({
    address: "127.0.0.1",
    port: job.port,
    socket: null,
    secret: Buffer.alloc(0),
    reference: { identity, join: { ...join, type: "join" } },
    join_ms: 20_000,
    watchdog_ms: 20_000,
    timing: TIMING,
    onWarning: () => {},
  });
  const joining = job.join(1);
  await job.knock(0);
  const world = await joining;
  await store.close();
  expect(await endOf(world)).toBe("lost rank 0 (host 0): the connection was closed");
});
