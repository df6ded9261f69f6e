import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";
import { describe, type Running, startNode } from "../../e2e/support/cli.ts";
import { temporaryDirectory } from "../../lib/temporary-directory.ts";

export function child(name: string): string {
  return fileURLToPath(new URL(`../children/${name}`, import.meta.url));
}

/** Where the ranks of a test report: a connection stays as long as its rank lives. */
export class Meeting {
  readonly path = join(temporaryDirectory(), "socket");
  readonly #sockets: Socket[] = [];

  /** What `count` ranks say, when all of them have come, in rank order. Fails when the job ends before that. */
  async hear(count: number, job: Running): Promise<Record<string, string>[]> {
    const server = createServer().listen(this.path);
    onTestFinished(() => void server.close());
    const ended = job.outcome.then((outcome): never => expect.fail(describe(outcome)));
    const all = new Promise<Record<string, string>[]>((resolve) => {
      const rows: Record<string, string>[] = [];
      server.on("connection", (socket) => {
        this.#sockets.push(socket);
        // A rank that is killed may reset its connection; the interface tells of that too.
        socket.on("error", () => {});
        const lines = createInterface(socket).on("error", () => {});
        lines.once("line", (line) => {
          rows.push(JSON.parse(line) as Record<string, string>);
          if (rows.length === count) resolve(rows);
        });
      });
    });
    const said = await Promise.race([all, ended]);
    return said.toSorted((a, b) => Number(a.RANK) - Number(b.RANK));
  }

  goOn(): void {
    for (const socket of this.#sockets) socket.write("go on\n");
  }

  /** Until no rank lives any more. */
  async allGone(): Promise<void> {
    await Promise.all(
      this.#sockets.map((socket) => socket.resume().destroyed || once(socket, "close")),
    );
  }
}

/** Starts `ranks` ranks of rank.mjs under a supervisor, each with its deeds. */
export function supervise(
  meeting: Meeting,
  ranks: number,
  deeds: readonly string[],
  env: Record<string, string> = {},
): Running {
  return startNode([child("supervise.mjs"), ...deeds], {
    cwd: temporaryDirectory(),
    env: {
      FLM_TEST_SOCKET: meeting.path,
      FLM_TEST_RANKS: String(ranks),
      FLM_TEST_SCRIPT: child("rank.mjs"),
      ...env,
    },
  });
}
