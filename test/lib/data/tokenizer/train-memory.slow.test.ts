import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const MEGABYTES = 100;
/** What 32 MiB of distinct pieces need, 700 MB, with room to spare; without that limit it would be several times that. */
const MOST_MEMORY_MB = 1000;

it("a tokenizer is trained in bounded memory on text whose words never come again", () => {
  const child = fileURLToPath(new URL("./train-unspaced.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", child, String(MEGABYTES)],
    { encoding: "utf8" },
  );
  expect(status, stderr).toBe(0);
  const { vocab_size, peak_megabytes } = JSON.parse(stdout) as Record<string, number>;
  expect(vocab_size).toBe(16_000);
  expect(peak_megabytes).toBeLessThan(MOST_MEMORY_MB);
}, 300_000);
