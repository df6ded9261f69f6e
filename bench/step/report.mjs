// Results as tables for people.

export function stepTable({ shape, precision, contenders, ratio, failures }) {
  const head = ["", "ms/step", "best ms", "CPU ms", "tokens/s", "GFLOP/s", "peak MiB"];
  const rows = contenders.map((c) => [
    c.name,
    c.median_ms.toFixed(1),
    c.min_ms.toFixed(1),
    c.median_cpu_ms.toFixed(1),
    c.tokens_per_second.toFixed(0),
    c.gflops.toFixed(1),
    (c.peak_rss_bytes / 2 ** 20).toFixed(0),
  ]);
  const lines = [`${shape}, ${precision}`, ...align([head, ...rows])];
  if (ratio !== null)
    lines.push(
      `  flm-train makes ${ratio.tokens_per_second.toFixed(2)} x the tokens/s of ${ratio.against}, ` +
        `in ${ratio.cpu_time.toFixed(2)} x its CPU time`,
    );
  return [...lines, ...failures.map((text) => `  left out: ${text}`)].join("\n");
}

export function traceTable(rows) {
  const total = rows.reduce((sum, { ms }) => sum + ms, 0);
  const cells = rows.map(({ op, calls, ms }) => [
    op,
    calls.toFixed(0),
    ms.toFixed(2),
    `${((100 * ms) / total).toFixed(1)} %`,
  ]);
  return align([["where a traced step goes", "calls", "ms", "share"], ...cells]).join("\n");
}

/** The first column to the left, the others to the right. */
function align(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map(
    (row) =>
      "  " +
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i])))
        .join("  "),
  );
}
