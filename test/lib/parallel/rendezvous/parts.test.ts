import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { detectLaunch } from "../../../../lib/parallel/launch/detect.ts";
import { portOf, storeAddress } from "../../../../lib/parallel/rendezvous/address.ts";
import { rankList } from "../../../../lib/parallel/rendezvous/roster.ts";
import { readSecret } from "../../../../lib/parallel/rendezvous/secret.ts";
import { Vitals } from "../../../../lib/parallel/rendezvous/vitals.ts";
import { failure, rejection } from "../../failure.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

describe("rankList", () => {
  it.each([
    [[3], "3"],
    [[0, 1, 2], "0-2"],
    [[0, 2, 3, 9], "0, 2-3, 9"],
  ])("%j is %s", (ranks, text) => expect(rankList(ranks)).toBe(text));
});

describe("Vitals", () => {
  const vitals = () => new Vitals({ silence_ms: 5, watchdog_ms: 100 });

  it("takes a rank for silent only after the limit, and not for what came before a pardon", () => {
    const v = vitals();
    expect(v.isSilent(0, 5)).toBe(false);
    expect(v.isSilent(0, 6)).toBe(true);
    v.forgive(6);
    expect(v.isSilent(0, 11)).toBe(false);
    expect(v.isSilent(0, 12)).toBe(true);
  });

  it("lets a rank take any time before its first report", () => {
    const v = vitals();
    v.report(0, 0, 0, 0);
    expect(v.stuck(1e6)).toBeNull();
  });

  it("blames the ranks that hang furthest behind", () => {
    const v = vitals();
    v.report(0, 13, 1, 0);
    v.report(1, 12, 1, 0);
    v.report(2, 12, 1, 0);
    v.report(3, 11, 1, 50);
    expect(v.stuck(100)).toBeNull();
    expect(v.stuck(101)).toEqual({ ranks: [1, 2], step: 12, furthest: 13 });
  });

  it("counts every report as progress, also of the same step, but no repeated heartbeat", () => {
    const v = vitals();
    v.report(0, 12, 1, 0);
    v.report(0, 12, 2, 90);
    v.report(0, 12, 2, 150);
    expect(v.stuck(190)).toBeNull();
    expect(v.stuck(191)).toEqual({ ranks: [0], step: 12, furthest: 12 });
    v.forget(0);
    expect(v.stuck(1e6)).toBeNull();
  });
});

describe("readSecret", () => {
  function file(content: string, mode = 0o600): string {
    const path = join(temporaryDirectory(), "secret");
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  it("asks for none on loopback, and for one everywhere else", () => {
    expect(readSecret(null, "127.0.0.1")).toHaveLength(0);
    expect(readSecret(null, "::1")).toHaveLength(0);
    const error = failure(() => readSecret(null, "10.0.0.7"));
    expect(error.exitCode).toBe(78);
    expect(error.message).toContain("10.0.0.7");
    expect(error.hint).toContain("FLM_SECRET_FILE");
  });

  it("leaves out the end of the last line", () => {
    expect(String(readSecret(file("0123456789abcdef\n"), "10.0.0.7"))).toBe("0123456789abcdef");
  });

  it.each([0o644, 0o604, 0o620])("refuses a file of mode %o", (mode) => {
    const path = file("0123456789abcdef", mode);
    expect(failure(() => readSecret(path, "10.0.0.7")).hint).toBe(`chmod 600 ${path}`);
  });

  it("refuses a short one and a missing one", () => {
    expect(failure(() => readSecret(file("secret"), "127.0.0.1")).message).toContain("6 bytes");
    expect(failure(() => readSecret("/nowhere/secret", "127.0.0.1")).code).toBe("IO");
  });
});

describe("storeAddress", () => {
  const launch = (more: Record<string, string>) =>
    detectLaunch({ RANK: "1", WORLD_SIZE: "4", LOCAL_RANK: "1", ...more });

  it("takes the launcher's port, or makes one from the job", async () => {
    const given = { MASTER_ADDR: "127.0.0.1", MASTER_PORT: "4711" };
    expect(await storeAddress(launch(given))).toEqual({ address: "127.0.0.1", port: 4711 });
    const of = portOf("42.0");
    expect(of).toBeGreaterThanOrEqual(20_000);
    expect(of).toBeLessThan(32_000);
    expect(of).not.toBe(portOf("43.0"));
    expect(portOf(null)).toBe(29_500);
  });

  it("asks for the machine of rank 0 where no launcher names it", async () => {
    const error = await rejection(storeAddress(launch({})));
    expect(error.exitCode).toBe(78);
    expect(error.message).toBe("torchrun does not say on which machine rank 0 runs");
    expect(error.hint).toContain("MASTER_ADDR");
  });

  it("refuses loopback where ranks run on other machines too", async () => {
    const more = { MASTER_ADDR: "127.0.1.1", LOCAL_WORLD_SIZE: "2" };
    const error = await rejection(storeAddress(launch(more)));
    expect(error.message).toContain("only 2 of 4 ranks run on this one");
  });
});
