import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { FlmError, ioError } from "../../errors.ts";
import { readText } from "../../read-text.ts";
import { newestCheckpoint } from "./checkpoint.ts";
import { readConfigText } from "./config.ts";
import { parseEvent, type RunEvent } from "./events.ts";
import type { RunRecord } from "./record.ts";
import { rowsOf } from "./rows.ts";
import { addRow, noSteps } from "./steps.ts";

const FILES = { config: "config.yaml", metrics: "metrics.jsonl", events: "events.jsonl" } as const;

/**
 * Reads what a run left in its directory; single files may be missing.
 *
 * @throws FlmError INVALID_ARGUMENT when there is no directory, or nothing of a run in it; IO.
 */
export async function readRun(path: string): Promise<RunRecord> {
  const directory = resolve(path);
  if (!existsSync(directory) || !statSync(directory).isDirectory())
    throw new FlmError("INVALID_ARGUMENT", `there is no directory ${directory}`, {
      hint: "name the directory of a run, like runs/NAME",
    });
  const gaps: string[] = Object.values(FILES).filter((name) => !existsSync(join(directory, name)));
  if (gaps.length === Object.keys(FILES).length)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `${directory} is not a run: it has no ${gaps.join(", ")}`,
      {
        hint: "name the directory of a run, like runs/NAME, not one of its checkpoints",
      },
    );
  const steps = noSteps();
  const events: RunEvent[] = [];
  const read = async (name: string, add: (row: unknown) => void) => {
    if (gaps.includes(name)) return;
    try {
      for await (const row of rowsOf(join(directory, name))) add(row);
    } catch (cause) {
      throw ioError("read", join(directory, name), cause);
    }
  };
  await read(FILES.metrics, (row) => addRow(steps, row));
  await read(FILES.events, (row) => {
    const event = parseEvent(row);
    if (event) events.push(event);
  });
  const config = readConfigText(
    gaps.includes(FILES.config) ? null : readText(join(directory, FILES.config)),
  );
  const checkpoint = newestCheckpoint(join(directory, "checkpoints"));
  return { directory, steps, events, config, checkpoint, gaps };
}
