import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseManifest } from "../../checkpoint/manifest.ts";
import { CheckpointStore } from "../../checkpoint/store.ts";
import type { CheckpointFacts } from "./record.ts";

/** What the newest readable manifest says. Its shards are not looked at: a report is no verification. */
export function newestCheckpoint(directory: string): CheckpointFacts | null {
  const store = new CheckpointStore(directory);
  for (const name of store.list()) {
    const path = join(directory, name, "manifest.json");
    try {
      const { step, tokens, flops, files, tensors, device } = parseManifest(
        readFileSync(path, "utf8"),
        path,
      );
      const masters = tensors.filter(({ kind }) => kind === "master");
      return {
        step,
        tokens,
        flops,
        bytes: files.reduce((sum, { size }) => sum + size, 0),
        parameters: masters.reduce((sum, { rows, cols }) => sum + rows * cols, 0),
        device: device.name,
        precision: device.precision,
      };
    } catch {
      // The one before it may be whole.
    }
  }
  return null;
}
