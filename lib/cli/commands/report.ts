import { Command } from "commander";
import { writeReport } from "../../report/write-report.ts";

export function reportCommand(): Command {
  return new Command("report")
    .description("one HTML file about a run, or about several, compared")
    .argument("<run...>", "directories of runs, like runs/NAME")
    .option("--out <file>", "the HTML file (default: report.html in the run, or here for several)")
    .option("--json", "print one result object on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  flm-train report runs/grown runs/from-scratch --out compare.html",
    )
    .action(run);
}

async function run(runs: string[], options: { out?: string; json?: boolean }): Promise<void> {
  const report = await writeReport(runs, options.out);
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ status: "done", report: report.path, runs: report.runs })}\n`,
    );
  else process.stdout.write(`${report.path}\n`);
}
