import { Writable } from "node:stream";
import { expect, it } from "vitest";
import { detectLaunch } from "../../../../lib/parallel/launch/detect.ts";
import { runLocalRanks } from "../../../../lib/parallel/launch/local.ts";
import { rejection } from "../../failure.ts";

/** Rank 1 tries to take the store's port before it knocks; rank 0 listens where it was told. */
const RANK = `
const net = require("node:net");
const { RANK, MASTER_PORT, FLM_STORE_FD } = process.env;
if (RANK === "0") {
  const server = net.createServer((socket) => { socket.end("hello"); server.close(); });
  server.listen({ fd: Number(FLM_STORE_FD) }, () => {
    if (server.address().port !== Number(MASTER_PORT)) process.exit(2);
  });
} else {
  net.createServer()
    .on("error", (error) => {
      if (error.code !== "EADDRINUSE") process.exit(3);
      let said = "";
      net.connect(MASTER_PORT, "127.0.0.1").on("data", (data) => (said += data))
        .on("close", () => process.exit(said === "hello" ? 0 : 4));
    })
    .listen(MASTER_PORT, "127.0.0.1", () => process.exit(5));
}`;

it("the store's port belongs to the job before rank 0 listens", async () => {
  const said: string[] = [];
  const stderr = new Writable({
    write: (chunk, _encoding, done) => {
      said.push(String(chunk));
      done();
    },
  });
  const outcome = await runLocalRanks({
    count: 2,
    launch: detectLaunch({}),
    command: [process.execPath, "-e", RANK],
    env: { PATH: process.env.PATH },
    stderr,
  });
  expect(said.join("")).toBe("");
  expect(outcome.exit_code).toBe(0);
});

it("more ranks than a machine can bear are refused before the first is started", async () => {
  const { code, message, hint } = await rejection(
    runLocalRanks({
      count: 1_000_000,
      launch: detectLaunch({}),
      command: [],
      stderr: new Writable(),
    }),
  );
  expect(code).toBe("ENVIRONMENT");
  expect(message).toContain("1000000 ranks");
  expect(hint).toContain("launcher");
});
