// Keeps the CUDA kernels within native/cuda/budgets.json: registers, static shared memory, stack and spills of every
// kernel on every architecture, from the compiler's own report (nvcc -Xptxas=-v) in the log of a whole build.
//   node scripts/check-kernels.mjs build.log            exit 1 and name every kernel that is over its budget
//   node scripts/check-kernels.mjs build.log --write    make what the log says the budget, but for spills
// Spilled registers are memory traffic that no timing on another GPU shows, so that --write never allows them: a kernel
// whose spills are accepted has them written into its budget by hand.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMain, root } from "./support/files.mjs";

export const budgetsFile = join(root, "native", "cuda", "budgets.json");

/**
 * What one kernel needs on one architecture. `stack_bytes` and `spill_bytes` (stores and loads) are per thread.
 * @typedef {{ registers: number, shared_bytes: number, stack_bytes: number, spill_bytes: number }} Resources
 * @typedef {Record<string, Record<string, Resources>>} Budgets by kernel, then by architecture ("sm_90a")
 */

/**
 * @param {string} log all that nvcc printed, with whatever else the build said
 * @returns {Budgets} kernels by their plain names, e.g. "rms_norm_fwd_kernel<bf16, 8>"
 */
export function readReport(log) {
  const entries = [];
  let entry, about;
  for (const line of log.split("\n")) {
    const start = /Compiling entry function '(\w+)' for '(\w+)'/.exec(line);
    if (start)
      entries.push((entry = { symbol: start[1], architecture: start[2], shared_bytes: 0 }));
    about = /Function properties for (\w+)/.exec(line)?.[1] ?? about;
    const frame = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(
      line,
    );
    // Functions that were not inlined into a kernel have such a line too.
    if (frame && entry?.symbol === about) {
      entry.stack_bytes = Number(frame[1]);
      entry.spill_bytes = Number(frame[2]) + Number(frame[3]);
    }
    const used = /Used (\d+) registers/.exec(line);
    if (used && entry) {
      entry.registers = Number(used[1]);
      entry.shared_bytes = Number(/(\d+) bytes smem/.exec(line)?.[1] ?? 0);
    }
  }
  const names = plainNames(entries.map(({ symbol }) => symbol));
  const report = {};
  for (const [
    i,
    { architecture, registers, shared_bytes, stack_bytes, spill_bytes },
  ] of entries.entries())
    (report[names[i]] ??= {})[architecture] = { registers, shared_bytes, stack_bytes, spill_bytes };
  return report;
}

/** Without namespaces, whose mangled form holds a hash of the file's path, and without arguments. */
function plainNames(symbols) {
  const input = symbols.map((symbol) => `${symbol}\n`).join("");
  return execFileSync("c++filt", { input, encoding: "utf8" })
    .split("\n")
    .slice(0, symbols.length)
    .map((name) =>
      name
        .replace(/^void /, "")
        .replace(/flm::cuda::/g, "")
        .replace(/\(anonymous namespace\)::/g, "")
        .replace(/__nv_bfloat16/g, "bf16")
        .replace(/\(.*$/, ""),
    );
}

/**
 * @param {Budgets} report of a whole build
 * @param {Budgets} budgets for at least the architectures of the report
 * @returns {string[]} one line for each thing that is wrong
 */
export function checkKernels(report, budgets) {
  const problems = [];
  const built = new Set(Object.values(report).flatMap(Object.keys));
  for (const [kernel, architectures] of Object.entries(report))
    for (const [architecture, used] of Object.entries(architectures)) {
      const what = `${kernel} on ${architecture}`;
      const budget = budgets[kernel]?.[architecture];
      if (budget === undefined) problems.push(`${what} has no budget`);
      else if (used.spill_bytes > budget.spill_bytes)
        problems.push(
          `${what} spills ${used.spill_bytes} bytes, its budget has ${budget.spill_bytes}`,
        );
      for (const field of ["registers", "shared_bytes", "stack_bytes"])
        if (used[field] > budget?.[field])
          problems.push(`${what} takes ${used[field]} ${field}, its budget has ${budget[field]}`);
    }
  for (const [kernel, architectures] of Object.entries(budgets))
    for (const architecture of Object.keys(architectures))
      if (built.has(architecture) && !report[kernel]?.[architecture])
        problems.push(`${kernel} on ${architecture} has a budget, but the log does not compile it`);
  return problems;
}

/** The report as budgets: architectures that were not built stay as they were, and no new spill is allowed. */
export function makeBudgets(report, before) {
  const budgets = {};
  for (const kernel of Object.keys(report).toSorted()) {
    const architectures = { ...before[kernel] };
    for (const [architecture, used] of Object.entries(report[kernel]))
      architectures[architecture] = {
        ...used,
        spill_bytes: Math.min(used.spill_bytes, before[kernel]?.[architecture]?.spill_bytes ?? 0),
      };
    budgets[kernel] = architectures;
  }
  return budgets;
}

/** One line for each kernel and architecture, so that a change of one is one changed line. */
function format(budgets) {
  const lines = Object.entries(budgets).map(([kernel, architectures]) => {
    const rows = Object.keys(architectures)
      .toSorted((a, b) => parseInt(a.slice(3)) - parseInt(b.slice(3)))
      .map((name) => `    ${JSON.stringify(name)}: ${JSON.stringify(architectures[name])}`);
    return `  ${JSON.stringify(kernel)}: {\n${rows.join(",\n")}\n  }`;
  });
  return `{\n${lines.join(",\n")}\n}\n`;
}

function main() {
  const { values, positionals } = parseArgs({
    options: { write: { type: "boolean" } },
    allowPositionals: true,
  });
  if (positionals.length !== 1) {
    console.error("usage: node scripts/check-kernels.mjs build.log [--write]");
    return 64;
  }
  const report = readReport(readFileSync(positionals[0], "utf8"));
  let budgets = existsSync(budgetsFile) ? JSON.parse(readFileSync(budgetsFile, "utf8")) : {};
  if (values.write) {
    budgets = makeBudgets(report, budgets);
    writeFileSync(budgetsFile, format(budgets));
  }
  const problems = checkKernels(report, budgets);
  const compiled = Object.values(report).reduce((sum, each) => sum + Object.keys(each).length, 0);
  if (compiled === 0)
    problems.push(
      `${positionals[0]} reports no kernel: was it built with -Xptxas=-v and --clean-first?`,
    );
  for (const problem of problems) console.error(problem);
  console.log(`${compiled} kernels compiled, ${problems.length} problems`);
  return problems.length > 0 ? 1 : 0;
}

if (isMain(import.meta.url)) process.exitCode = main();
