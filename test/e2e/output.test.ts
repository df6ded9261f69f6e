import { expect, it } from "vitest";
import { flm, MAIN, startProgram } from "./support/cli.ts";
import { project } from "./support/project.ts";
import { latest, state } from "./support/run-files.ts";

/** Like `flm`, with a redirection of the shell. */
function redirected(redirection: string, args: readonly string[], cwd: string) {
  const script = `exec "$@" ${redirection}`;
  return startProgram(["sh", "-c", script, "sh", process.execPath, MAIN, ...args], { cwd }).outcome;
}

it("a log on a full disk does not end a training", async () => {
  const { directory, run, path } = project();
  const outcome = await redirected("2>/dev/full", ["config.yaml", "--json"], directory);
  expect(outcome).toMatchObject({ code: 0, signal: null });
  await flm(["config.yaml", "--out", "other"], { cwd: directory });
  expect(state(latest(run))).toEqual(state(latest(path("other"))));
});

it("a result that cannot be written ends with 74 and no stack", async () => {
  const { directory } = project();
  const outcome = await redirected(">/dev/full", ["plan", "config.yaml"], directory);
  expect(outcome.code).toBe(74);
  expect(outcome.stderr).toMatch(/^error: cannot write to stdout: ENOSPC[^\n]*\n$/);
});
