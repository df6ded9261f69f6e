// Adding up test programs: each ends with a line "N passed, N failed".
import { spawn } from "node:child_process";
import { root } from "./files.mjs";

const CLOSING_LINE = /^(\d+) passed, (\d+) failed$/;

/** The counts in the last line of `output`; null when a program ended without its closing line. */
export function readClosingLine(output) {
  const match = CLOSING_LINE.exec(output.trimEnd().split("\n").at(-1) ?? "");
  return match && { passed: Number(match[1]), failed: Number(match[2]) };
}

/**
 * Runs a test program, passes its output through, and counts. A program that crashes, or fails in spite of a
 * closing line without failures, counts as one failure.
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export function countTests(program, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let tail = "";
    child.stdout.on("data", (chunk) => {
      process.stdout.write(chunk);
      tail = (tail + chunk).slice(-1000);
    });
    child.on("error", (error) => {
      child.removeAllListeners("close");
      console.log(`cannot run ${program}: ${error.message}`);
      resolve({ passed: 0, failed: 1 });
    });
    child.on("close", (status, signal) => {
      const counts = readClosingLine(tail);
      if (counts && (status === 0) === (counts.failed === 0)) return resolve(counts);
      console.log(`${program} ended with ${signal ?? `exit code ${status}`}`);
      resolve({ passed: counts?.passed ?? 0, failed: (counts?.failed ?? 0) + 1 });
    });
  });
}
