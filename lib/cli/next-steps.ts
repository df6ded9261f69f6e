import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { shellWord } from "../format.ts";
import type { TrainResult } from "../train/events.ts";

/** What to do with a run that has ended, or was stopped; a line each. */
export function nextSteps({ status, run_dir, checkpoint }: TrainResult): string[] {
  if (status !== "done") return ["            the same command goes on from here"];
  const run = shown(run_dir);
  const report = join(run, "report.html");
  return [
    ...(existsSync(report) ? [`report      ${report}`] : []),
    ...(checkpoint ? [`try         npx flm-train generate ${shellWord(run)} --prompt "The "`] : []),
  ];
}

/** As a user would type it. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
