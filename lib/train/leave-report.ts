/**
 * Writes the run's report.html. One that cannot be written is a warning: the run is what counts. What writes it is loaded
 * here, by the one rank that needs it.
 */
export async function leaveReport(run_dir: string, warn: (message: string) => void): Promise<void> {
  try {
    const { writeReport } = await import("../report/write-report.ts");
    await writeReport([run_dir]);
  } catch (error) {
    warn(`no report.html: ${error instanceof Error ? error.message : String(error)}`);
  }
}
