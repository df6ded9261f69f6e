import { describe, expect, it } from "vitest";
import { rejection } from "../../failure.ts";
import type { World } from "../../../../lib/parallel/rendezvous/world.ts";
import { relayTo } from "./sockets.ts";
import { endOf, Job } from "./worlds.ts";

/** Short enough for a test; ranks that run beat ten times in such a silence. */
const TIMING = { heartbeat_ms: 20, silence_ms: 400 };

/** A world of three whose rank 2 is the test's own connection. */
async function withBareRank(timing = {}) {
  const job = await Job.create(3);
  const joining = [job.join(0, { timing }), job.join(1, { timing })];
  const bare = await job.knock(2);
  const worlds = (await Promise.all(joining)) as [World, World];
  return { worlds, bare };
}

describe("a lost rank", () => {
  it("is named to all when its connection closes", async () => {
    const { worlds, bare } = await withBareRank();
    const waiting = rejection(worlds[0].barrier("step"));
    bare.channel.destroy("killed");
    // Which of the two it is, depends on what the kernel still held for it.
    const text = /^lost rank 2 \(host 2\): (the connection was closed|read ECONNRESET)$/;
    for (const end of await Promise.all(worlds.map(endOf))) expect(end).toMatch(text);
    expect(await waiting).toMatchObject({ code: "COMM_PEER_LOST", exitCode: 75 });
  });

  it("is named to all when it falls silent", async () => {
    const { worlds } = await withBareRank(TIMING);
    const text = "lost rank 2 (host 2): nothing heard for 0.4 s";
    expect(await Promise.all(worlds.map(endOf))).toEqual([text, text]);
  });

  it("is named to all when it sends what is not genuine", async () => {
    const { worlds, bare } = await withBareRank();
    bare.frames.send(Buffer.from("as if it were rank 2"));
    const text = "lost rank 2 (host 2): a frame that is not genuine";
    expect(await Promise.all(worlds.map(endOf))).toEqual([text, text]);
  });

  it("may be rank 0, which is named when nothing is heard of it", async () => {
    const job = await Job.create(2);
    const relay = await relayTo(job.port);
    const zero = job.join(0, { timing: TIMING });
    const world = await job.join(1, { timing: TIMING, launch: { master_port: relay.port } });
    await zero;
    relay.fallSilent();
    expect(await endOf(world)).toBe("lost rank 0 (host 0): nothing heard for 0.4 s");
  });
});
