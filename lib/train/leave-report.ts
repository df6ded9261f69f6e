import { writeReport } from "../report/write-report.ts";

/** Writes the run's report.html. One that cannot be written is a warning: the run is what counts. */
export async function leaveReport(run_dir: string, warn: (message: string) => void): Promise<void> {
  try {
    await writeReport([run_dir]);
  } catch (error) {
    warn(`no report.html: ${error instanceof Error ? error.message : String(error)}`);
  }
}
