import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describe as show, type Running, startProgram, succeed } from "../e2e/support/cli.ts";
import { expectSameRun } from "../e2e/support/killed-run.ts";
import { type Project, project, sharedProject } from "../e2e/support/project.ts";
import { latest, metrics, state } from "../e2e/support/run-files.ts";
import { Hold } from "./support/hold.ts";
import { MAIN, MESHED, WORLD, writeSecret } from "./support/training.ts";
import { VirtualHosts, whyNoVirtualHosts } from "./support/virtual-hosts.ts";

const reason = whyNoVirtualHosts();
if (reason) process.stderr.write(`skipped, virtual hosts: ${reason}\n`);

describe.skipIf(reason !== null)("virtual hosts", () => {
  const local = sharedProject(MESHED);
  let hosts: VirtualHosts;

  beforeAll(async () => {
    hosts = await VirtualHosts.start(3);
    await succeed(["config.yaml"], { cwd: local.directory });
  }, 120_000);
  afterAll(() => hosts?.stop());

  interface How {
    env?: Record<string, string>;
    nodeOptions?: readonly string[];
  }

  function start(
    { directory }: Project,
    host: number,
    place: Record<string, string>,
    { env = {}, nodeOptions = [] }: How,
  ): Running {
    const command = hosts.on(host, directory, [
      process.execPath,
      ...nodeOptions,
      MAIN,
      "config.yaml",
    ]);
    const shared = {
      MASTER_ADDR: hosts.address(0),
      MASTER_PORT: "29500",
      FLM_SECRET_FILE: writeSecret(directory),
      FLM_JOB_ID: "test",
    };
    return startProgram(command, { cwd: directory, env: { ...shared, ...place, ...env } });
  }

  /** One command a host, which starts that host's two ranks. */
  function startOnTwo(where: Project, how: How = {}): Running[] {
    return [0, 1].map((node) => {
      const place = { PET_NNODES: "2", PET_NPROC_PER_NODE: "2", PET_NODE_RANK: String(node) };
      return start(where, node, place, how);
    });
  }

  /** One command a rank; host 0 has two of them. */
  function startOnThree(where: Project): Running[] {
    const places = [[0, 0], [0, 1], [1, 0], [2, 0]] as const; // prettier-ignore
    return places.map(([host, local_rank], rank) => {
      const place = {
        RANK: String(rank),
        WORLD_SIZE: String(WORLD),
        LOCAL_RANK: String(local_rank),
        LOCAL_WORLD_SIZE: host === 0 ? "2" : "1",
      };
      return start(where, host, place, {});
    });
  }

  async function expectDone(commands: readonly Running[]): Promise<void> {
    for (const ended of await Promise.all(commands.map(({ outcome }) => outcome)))
      expect(ended.code, show(ended)).toBe(0);
  }

  it.each([
    ["two", startOnTwo],
    ["three", startOnThree],
  ])("%s train the bytes of one", async (_, startRanks) => {
    const spread = project(MESHED);
    await expectDone(startRanks(spread));
    expect(state(latest(spread.run))).toEqual(state(latest(local.run)));
    expect(metrics(spread.run)).toEqual(metrics(local.run));
  });

  it("end with 75 when their link is cut, name who is lost, and go on to the same bytes", async () => {
    const torn = project(MESHED);
    const hold = new Hold(11);
    const commands = startOnTwo(torn, hold);
    await hold.reached(commands[0]!);
    hosts.cut(1);
    hold.goOn();
    const [here, there] = await Promise.all(commands.map(({ outcome }) => outcome));
    hosts.heal(1);
    expect(here!.code, show(here!)).toBe(75);
    expect(here!.stderr).toMatch(/lost rank [23]\b/);
    expect(there!.code, show(there!)).toBe(75);
    expect(there!.stderr).toMatch(/lost rank [01]\b/);
    await expectDone(startOnTwo(torn));
    expectSameRun(torn.run, local.run);
  });
});
