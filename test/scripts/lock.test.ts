import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const directory = mkdtempSync(join(tmpdir(), "flm-lock-"));
const log = join(directory, "log");
const script = join(directory, "work.mjs");

beforeAll(() => {
  const lock = JSON.stringify(new URL("../../scripts/support/lock.mjs", import.meta.url).href);
  // Two writes with file system traffic between them: without the lock the lines of eight processes mix.
  writeFileSync(
    script,
    `import { appendFileSync, readFileSync } from "node:fs";
     import { underLock } from ${lock};
     const [log, hang] = process.argv.slice(2);
     process.exit(underLock(${JSON.stringify(script)}, () => {
       appendFileSync(log, "in " + process.pid + "\\n");
       if (hang === "hang") { process.stdout.write("holding"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); }
       for (let i = 0; i < 200; i++) readFileSync(log);
       appendFileSync(log, "out " + process.pid + "\\n");
       return 7;
     }, log));`,
  );
});
afterAll(() => rmSync(directory, { recursive: true }));

const start = (...args: string[]) =>
  spawn(process.execPath, [script, log, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
const exitCode = async (child: ChildProcess) => (await once(child, "exit"))[0] as number;

describe.skipIf(spawnSync("flock", ["--version"]).error)("underLock", () => {
  it("lets one process work at a time and hands its status on", async () => {
    appendFileSync(log, "");
    const codes = await Promise.all(Array.from({ length: 8 }, () => exitCode(start())));
    expect(codes).toEqual(Array(8).fill(7));
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines).toHaveLength(16);
    for (let i = 0; i < lines.length; i += 2) {
      expect(lines[i + 1]).toBe(lines[i]?.replace("in", "out"));
    }
  });

  it("is released when its holder is killed", async () => {
    const holder = start("hang");
    await once(holder.stdout!, "data");
    const waiting = exitCode(start());
    process.kill(-holder.pid!, "SIGKILL");
    expect(await waiting).toBe(7);
  });
});
