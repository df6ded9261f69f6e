import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rejection } from "../../failure.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { knock, relayTo } from "./sockets.ts";
import { Job } from "./worlds.ts";

function secretFile(content: string): string {
  const path = join(temporaryDirectory(), "secret");
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

const closed = (socket: Socket) => socket.destroyed || once(socket, "close");

describe("the store's door", () => {
  it("opens to ranks that know the secret, whatever ends its line", async () => {
    const job = await Job.create(2);
    const worlds = await job.joinAll((rank) => ({
      secret_file: secretFile(`0123456789abcdef0123456789abcdef${rank === 0 ? "\n" : ""}`),
    }));
    expect(worlds).toHaveLength(2);
  });

  it("stays shut to a rank with another secret; both sides say so", async () => {
    const job = await Job.create(2);
    const [good, bad] = [secretFile("a".repeat(32)), secretFile("b".repeat(32))];
    const first = rejection(job.join(0, { secret_file: good, timeout_seconds: 1 }));
    const error = await rejection(job.join(1, { secret_file: bad }));
    expect(error.code).toBe("ENVIRONMENT");
    expect(error.message).toContain("rank 1 and the store at 127.0.0.1");
    expect(error.hint).toContain("FLM_SECRET_FILE");
    expect((await first).message).toContain("missing: 1");
    expect(job.warnings).toEqual([
      expect.stringMatching(
        /refused a connection from 127.0.0.1:\d+: it says rank 1, but does not/,
      ),
    ]);
  });

  it("stays shut to a rank of another job", async () => {
    const job = await Job.create(2);
    const first = rejection(job.join(0, { timeout_seconds: 1 }));
    const error = await rejection(job.join(1, { launch: { job_id: "another" } }));
    expect(error.message).toContain("do not know the same secret of the same job");
    await first;
    expect(job.warnings[0]).toContain('is of job "another"');
  });

  it.each<[string, (socket: Socket) => void]>([
    ["nothing", () => {}],
    ["one byte", (socket) => void socket.write("x")],
    ["a request of the web", (socket) => void socket.write("GET / HTTP/1.1\r\n\r\n")],
    ["an object that is no greeting", (socket) => void socket.write("\0\0\0\x02{}")],
    ["a number", (socket) => void socket.write("\0\0\0\x011")],
  ])("closes on a stranger who says %s", async (_, speak) => {
    const job = await Job.create(2);
    const timing = { handshake_ms: 200 };
    const first = job.join(0, { timing });
    const stranger = await knock(job.port);
    speak(stranger);
    await closed(stranger);
    await Promise.all([first, job.join(1)]);
    expect(job.warnings).toHaveLength(1);
  });

  it("lets ranks in through a crowd of silent strangers", async () => {
    const job = await Job.create(4);
    const first = job.join(0);
    const crowd = [await knock(job.port)];
    for (let i = 0; i < 200; ++i) crowd.push(await knock(job.port));
    // 2 x 4 + 16 connections are held at once; the oldest strangers have gone.
    await closed(crowd[0]!);
    const worlds = await Promise.all([first, job.join(1), job.join(2), job.join(3)]);
    expect(worlds).toHaveLength(4);
  });

  it("outlives whatever strangers send", async () => {
    const job = await Job.create(2);
    const first = job.join(0);
    const send = async (bytes: Uint8Array) => {
      const stranger = await knock(job.port);
      stranger.end(bytes);
      await closed(stranger);
    };
    const framed = fc
      .oneof(fc.json(), fc.string())
      .map((text) => Buffer.from(text))
      .map((text) => Buffer.concat([Buffer.of(0, 0, text.length >> 8, text.length & 255), text]));
    await fc.assert(fc.asyncProperty(fc.oneof(fc.uint8Array(), framed), send), { numRuns: 200 });
    await Promise.all([first, job.join(1)]);
  });

  it("does not take a handshake that it has seen before", async () => {
    const job = await Job.create(2);
    const relay = await relayTo(job.port);
    const first = job.join(0);
    await knock(job.port);
    const second = job.join(1, { launch: { master_port: relay.port } });
    const worlds = await Promise.all([first, second]);

    const thief = await knock(job.port);
    thief.write(Buffer.concat(relay.said));
    await closed(thief);
    expect(job.warnings.join("\n")).toContain(
      "it says rank 1, but does not know this job's secret",
    );
    // The world has not noticed.
    expect(await Promise.all(worlds.map((world) => world.gather("k", world.rank)))).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it("waits for a port that is in use, and says so", async () => {
    const job = await Job.create(1);
    const holder = createServer().listen(job.port, "127.0.0.1");
    await once(holder, "listening");
    const joining = job.join(0, { onWarning: () => holder.close() });
    expect((await joining).epoch).toBe(1);
  });

  it("names the port that stays in use", async () => {
    const job = await Job.create(1);
    const holder = createServer().listen(job.port, "127.0.0.1");
    await once(holder, "listening");
    const error = await rejection(job.join(0, { timeout_seconds: 0.3 }));
    holder.close();
    expect(error.code).toBe("ENVIRONMENT");
    expect(error.message).toContain(`rank 0 cannot listen on 127.0.0.1:${job.port}`);
    expect(error.hint).toContain("MASTER_PORT");
  });
});
