import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describe as show, type Outcome, startNode } from "../e2e/support/cli.ts";
import { temporaryDirectory } from "../lib/temporary-directory.ts";
import { child } from "./support/ranks.ts";
import { ownAddress } from "./support/slurm.ts";

/** Processes of world-rank.mjs under the local launcher. */
function launch(
  ranks: number,
  deeds: string[],
  more: Record<string, string> = {},
): Promise<Outcome> {
  const FLM_TEST_SCRIPT = child("world-rank.mjs");
  const env = { FLM_TEST_RANKS: String(ranks), FLM_TEST_SCRIPT, ...more };
  return startNode([child("supervise.mjs"), ...deeds], { cwd: temporaryDirectory(), env }).outcome;
}

const run = (...deeds: string[]) => launch(3, deeds);

describe("ranks that are processes", () => {
  it("find each other by the local launcher's variables, and end", async () => {
    const ended = await run();
    expect(ended.code, show(ended)).toBe(0);
    // The highest epoch that a rank has seen is 2.
    expect(JSON.parse(ended.stdout)).toMatchObject({
      launcher: "torchrun",
      rank: 0,
      world_size: 3,
      epoch: 3,
      ranks: [0, 1, 2],
    });
    for (const rank of [1, 2]) expect(ended.stderr).toContain(`[${rank}] {"launcher":"torchrun"`);
  });

  it("live for the others while their main thread is busy", async () => {
    const ended = await run("all:impatient", "1:block");
    expect(ended.code, show(ended)).toBe(0);
  });

  it("all hear of one that is killed", async () => {
    const ended = await run("1:kill", "0:wait", "2:wait");
    expect(ended.code, show(ended)).toBe(75);
    expect(ended.stderr).toMatch(/^lost rank 1 \(here\): /m);
    expect(ended.stderr).toMatch(/^\[2\] lost rank 1 \(here\): /m);
    expect(ended.stderr).toContain("rank 1 ended with signal SIGKILL");
  });

  it("all hear of rank 0's end, although the store went with it", async () => {
    const ended = await run("0:kill", "1:wait", "2:wait");
    expect(ended.code, show(ended)).toBe(75);
    for (const rank of [1, 2])
      expect(ended.stderr).toMatch(new RegExp(`^\\[${rank}\\] lost rank 0 \\(here\\): `, "m"));
  });

  it("all end with the exit code of the one that aborts", async () => {
    const ended = await run("2:abort", "all:wait");
    expect(ended.code, show(ended)).toBe(65);
    expect(ended.stderr).toContain("rank 2 (here): token 70000 is not in the vocabulary");
  });

  it("all say what does not fit", async () => {
    const ended = await run("1:other-config");
    expect(ended.code, show(ended)).toBe(78);
    const text =
      "rank 1 (here) has the config with hash beef, rank 0 (here) has the config with hash c0ffee";
    const lines = ended.stderr.split("\n");
    for (const who of ["", "[1] "]) expect(lines).toContain(`${who}${text}`);
  });

  it("need not close the world to end, but then the others lose them", async () => {
    const ended = await run("1:forget", "0:wait", "2:wait");
    expect(ended.code, show(ended)).toBe(75);
    expect(ended.stderr).toMatch(/^lost rank 1 \(here\): /m);
  });

  it("end by themselves where their main thread stands still for ever", async () => {
    const start = (rank: number, deed: string) => {
      const place = { MASTER_ADDR: "127.0.0.1", MASTER_PORT: "29721", FLM_JOB_ID: "hang" };
      const env = {
        ...place,
        FLM_RANK: String(rank),
        FLM_LOCAL_RANK: String(rank),
        FLM_WORLD_SIZE: "2",
      };
      const deeds = ["all:impatient", `${rank}:${deed}`];
      return startNode([child("world-rank.mjs"), ...deeds], { cwd: temporaryDirectory(), env });
    };
    const [whole, hung] = await Promise.all([start(0, "abort").outcome, start(1, "hang").outcome]);
    expect(whole.code, show(whole)).toBe(65);
    expect(hung.signal, show(hung)).toBe("SIGKILL");
    // Before this test's own limit for children.
  }, 60_000);

  it("meet where torchrun's agent listens on the port that it names", async () => {
    const agent = createServer().listen(0, "127.0.0.1");
    await once(agent, "listening");
    const start = (rank: string) => {
      const env = {
        ...{ RANK: rank, LOCAL_RANK: rank, GROUP_RANK: "0", MASTER_ADDR: "localhost" },
        ...{ WORLD_SIZE: "2", LOCAL_WORLD_SIZE: "2", GROUP_WORLD_SIZE: "1" },
        MASTER_PORT: String((agent.address() as AddressInfo).port),
        TORCHELASTIC_RUN_ID: "none",
        TORCHELASTIC_USE_AGENT_STORE: "True",
      };
      return startNode([child("world-rank.mjs")], { cwd: temporaryDirectory(), env }).outcome;
    };
    const ended = await Promise.all([start("0"), start("1")]);
    agent.close();
    for (const outcome of ended) expect(outcome.code, show(outcome)).toBe(0);
  });

  const address = ownAddress();
  it.skipIf(address === null)("find each other over the launchers of two nodes", async () => {
    const secret = join(temporaryDirectory(), "secret");
    writeFileSync(secret, "0123456789abcdef0123456789abcdef", { mode: 0o600 });
    const ended = await Promise.all(
      ["0", "1"].map((node) =>
        launch(2, [], {
          PET_NODE_RANK: node,
          PET_NNODES: "2",
          PET_NPROC_PER_NODE: "2",
          MASTER_ADDR: address!,
          MASTER_PORT: "29719",
          FLM_SECRET_FILE: secret,
        }),
      ),
    );
    for (const outcome of ended) expect(outcome.code, show(outcome)).toBe(0);
    expect(JSON.parse(ended[0]!.stdout)).toMatchObject({ rank: 0, ranks: [0, 1, 2, 3] });
    for (const line of ["[2] {", "[3] {"]) expect(ended[1]!.stderr).toContain(line);
  });
});
