import { defineConfig } from "vitest/config";

// Files that end in .slow.test.ts take minutes and run in `npm run test:slow` alone.
const slow = process.env.FLM_TEST_SLOW === "1";

export default defineConfig({
  test: {
    include: [slow ? "test/**/*.slow.test.ts" : "test/**/*.test.ts"],
    exclude: slow ? [] : ["test/**/*.slow.test.ts"],
    // A crash of the addon then costs one test file, not the run.
    pool: "forks",
    // By default one fewer: on two cores files would run one after another, each waiting for the programs it starts.
    maxWorkers: "100%",
    setupFiles: ["./test/support/fixed-seed.ts"],
    testTimeout: slow ? 300_000 : 60_000,
    hookTimeout: 60_000,
    silent: "passed-only",
    reporters: ["default", "./test/reporter/closing-line.ts"],
  },
});
