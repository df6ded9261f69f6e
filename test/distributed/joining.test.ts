import { once } from "node:events";
import { connect, createServer } from "node:net";
import { describe as group, expect, it, onTestFinished } from "vitest";
import { describe, json, type Running, start } from "../e2e/support/cli.ts";
import { project, SMALL } from "../e2e/support/project.ts";
import { until } from "../e2e/support/watch.ts";
import { freePort } from "../support/free-port.ts";

/** One of two ranks; the other one never comes. Its wait is ten times as long as this test's. */
function startAlone(rank: number, port: number): Running {
  const { directory } = project({
    stages: [{ ...SMALL, parallel: { data_parallel_size: 2 } }],
    distributed: { timeout_seconds: 600 },
  });
  const env = {
    ...{ MASTER_ADDR: "127.0.0.1", MASTER_PORT: String(port), FLM_JOB_ID: "alone" },
    ...{ FLM_RANK: String(rank), FLM_LOCAL_RANK: String(rank), FLM_WORLD_SIZE: "2" },
  };
  return start(["config.yaml", "--json"], { cwd: directory, env });
}

/** Until somebody listens there. */
async function untilOpen(port: number, running: Running): Promise<void> {
  let isOpen = false;
  const knock = () => {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.once("connect", () => (isOpen = true)).once("error", () => isOpen || knock());
  };
  knock();
  await until(running, () => isOpen);
}

group("a rank that waits for the others", () => {
  it("stops when it is told to: rank 0, at whose door the others knock", async () => {
    const port = await freePort("127.0.0.1");
    const running = startAlone(0, port);
    await untilOpen(port, running);
    running.child.kill("SIGTERM");
    const ended = await running.outcome;
    expect(ended, describe(ended)).toMatchObject({ code: 75, signal: null });
    expect(json(ended)).toMatchObject({ status: "preempted", steps: 0, checkpoint: null });
    expect(ended.stderr).toContain("SIGTERM: stopping");
  });

  it("stops when it is told to: another one, which has reached the door", async () => {
    const door = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void door.close());
    await once(door, "listening");
    const { port } = door.address() as { port: number };
    const running = startAlone(1, port);
    const [socket] = (await once(door, "connection")) as [{ destroy(): void }];
    running.child.kill("SIGINT");
    const ended = await running.outcome;
    socket.destroy();
    expect(ended, describe(ended)).toMatchObject({ code: 130, signal: null });
  });

  it("says at once whom it has refused, and not only where they have come after all", async () => {
    const port = await freePort("127.0.0.1");
    const running = startAlone(0, port);
    await untilOpen(port, running);
    let said = "";
    running.child.stderr.on("data", (text) => (said += text));
    const stranger = connect(port, "127.0.0.1").on("error", () => {});
    onTestFinished(() => void stranger.destroy());
    stranger.write("GET / HTTP/1.1\r\n\r\n");
    await until(running, () => said.includes("warning     refused a connection from 127.0.0.1"));
    running.child.kill("SIGTERM");
    expect(await running.outcome).toMatchObject({ code: 75 });
  });
});
