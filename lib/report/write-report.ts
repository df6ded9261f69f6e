import { basename, dirname, join, resolve } from "node:path";
import { FlmError, ioError } from "../errors.ts";
import { makeDirectory } from "../make-directory.ts";
import { replaceFile } from "../replace-file.ts";
import { runFacts } from "./facts/run-facts.ts";
import type { RunSummary } from "./facts/summary.ts";
import { page } from "./page/page.ts";
import { readRun } from "./read/run.ts";

export interface Report {
  /** Absolute path of the HTML file. */
  path: string;
  runs: RunSummary[];
}

/** Runs of one config have its name; then their directories tell them apart. */
function nameApart(summaries: readonly RunSummary[]): void {
  const repeated = (names: readonly string[]) =>
    names.filter((name, i) => names.indexOf(name) !== i || names.lastIndexOf(name) !== i);
  for (const nameOf of [
    ({ run_dir }: RunSummary) => basename(run_dir),
    ({ run_dir }: RunSummary) => run_dir,
  ]) {
    const alike = repeated(summaries.map(({ name }) => name));
    for (const summary of summaries)
      if (alike.includes(summary.name)) summary.name = nameOf(summary);
  }
}

/**
 * Writes the report of one run, or one that compares several.
 *
 * @param directories of the runs.
 * @param out the HTML file; by default `report.html` in the one run's directory, else in the working directory.
 * @throws FlmError INVALID_ARGUMENT for a directory that is no run; IO.
 */
export async function writeReport(directories: readonly string[], out?: string): Promise<Report> {
  if (directories.length === 0) throw new FlmError("INVALID_ARGUMENT", "no run to report on");
  const runs = [];
  for (const directory of directories) runs.push(runFacts(await readRun(directory)));
  nameApart(runs.map(({ summary }) => summary));
  const path = resolve(out ?? join(runs.length === 1 ? runs[0]!.directory : ".", "report.html"));
  try {
    makeDirectory(dirname(path));
  } catch (cause) {
    throw ioError("write", path, cause);
  }
  replaceFile(path, page(runs));
  return { path, runs: runs.map(({ summary }) => summary) };
}
