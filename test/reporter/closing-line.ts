import type { SerializedError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";

/**
 * Ends a run with "N passed, N failed" alone on the last line, for scripts to read. A file that could not be
 * loaded and an error outside any test count as one failure each; skipped tests are told on the line before.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== "pending") count[state] += 1;
      }
      // A broken suite has errors of its own, or fails without any of its tests having failed.
      if (module.errors().length > 0) count.failed += 1;
    }
    if (count.skipped > 0) console.log(`${count.skipped} skipped`);
    console.log(`${count.passed} passed, ${count.failed} failed`);
  }
}
