import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadFirst, nativeCandidates } from "../../../lib/native/load.ts";
import { readSources } from "../../../scripts/sources.mjs";

const directory = mkdtempSync(join(tmpdir(), "flm-load-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A stand-in for an addon: Node loads any CommonJS module by path, and the loader cannot tell. */
function candidate(name: string, code: string, probe = false) {
  const path = join(directory, `${name}.cjs`);
  writeFileSync(path, code);
  return { path, probe };
}
const abi = Number(readSources().abi);
const body = (number: number) =>
  `module.exports = { abi: ${number}, devices() { return {}; }, setErrorClass(create) { this.create = create; } };`;
const good = candidate("good", body(abi));

describe("loadFirst", () => {
  it("passes over a missing file, another ABI and a module that throws, and says why", () => {
    const load = loadFirst([
      { path: join(directory, "absent.node"), probe: false },
      candidate("old", body(abi - 1)),
      candidate("broken", `throw new Error("libfoo.so.1: cannot open shared object file");`),
      good,
    ]);
    expect(load).toMatchObject({ path: good.path });
    expect(load.attempts.map((attempt) => attempt.reason)).toEqual([
      "there is no such file",
      `it has ABI ${abi - 1}, this version of flm-train needs ${abi}: build it again`,
      "libfoo.so.1: cannot open shared object file",
    ]);
  });

  it("survives a build that kills the process, by trying it in a child process", () => {
    const crash = candidate("crash", `process.kill(process.pid, "SIGSEGV");`, true);
    const throws = candidate(
      "throws",
      `exports.devices = () => { throw new Error("driver too old"); };`,
      true,
    );
    const load = loadFirst([crash, throws]);
    expect(load.binding).toBeNull();
    expect(load.attempts.map((attempt) => attempt.reason)).toEqual([
      "a trial in a child process ended with SIGSEGV",
      "a trial in a child process ended with exit code 1: Error: driver too old",
    ]);
  });

  it("gives the addon a way to make FlmErrors, with unknown codes as INTERNAL", () => {
    const { binding } = loadFirst([good]) as unknown as {
      binding: { create: (code: string, message: string) => Error };
    };
    expect(binding.create("OUT_OF_MEMORY", "too large")).toMatchObject({
      code: "OUT_OF_MEMORY",
      message: "too large",
    });
    expect(binding.create("NO_SUCH_CODE", "?")).toMatchObject({ code: "INTERNAL" });
  });
});

describe("nativeCandidates", () => {
  it("prefers the CUDA build, then the prebuilt one, then the local build", () => {
    const names = nativeCandidates({}).map(({ path }) => path.split("/").slice(-3)[0]);
    expect(names).toEqual(["build-cuda", "prebuilds", "build"]);
  });

  it("tries nothing beside FLM_NATIVE", () => {
    expect(nativeCandidates({ FLM_NATIVE: "/opt/flm.node" })).toEqual([
      { path: "/opt/flm.node", probe: false },
    ]);
  });
});
