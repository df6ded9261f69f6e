import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runFacts } from "../../../lib/report/facts/run-facts.ts";
import { page } from "../../../lib/report/page/page.ts";
import { READOUT_SCRIPT } from "../../../lib/report/page/readout.ts";
import { readConfigText } from "../../../lib/report/read/config.ts";
import { addRow, noSteps } from "../../../lib/report/read/steps.ts";
import { writeReport } from "../../../lib/report/write-report.ts";
import { rejection } from "../failure.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { grownRun, type RunFiles, stepRow, writeRun } from "./runs.ts";

async function reportOf(files: RunFiles): Promise<string> {
  const { path } = await writeReport([writeRun(files)]);
  return readFileSync(path, "utf8");
}

/** The page without its script, its data and its styles. */
function body(page: string): string {
  return page.replaceAll(/<(script|style)[^>]*>.*?<\/\1>/gs, "");
}

/** Nothing in the drawing or the text is a number that went wrong. */
function expectSound(page: string): void {
  expect(body(page)).not.toMatch(/NaN|undefined|Infinity|\[object/);
}

describe("one run", () => {
  test("lies in its directory, whole or not at all", async () => {
    const directory = writeRun(grownRun());
    const { path, runs } = await writeReport([directory]);
    expect(path).toBe(join(directory, "report.html"));
    expect(runs).toMatchObject([{ name: "flm-mini", status: "done", run_dir: directory }]);
    expect(readdirSync(directory)).not.toContain("report.html.tmp");
    await writeReport([directory]);
  });

  test("tells the story of its growth", async () => {
    const page = await reportOf(grownRun());
    expectSound(page);
    for (const text of [
      "flm-mini",
      "finished",
      "482k → 3.13M",
      "0.48M → 1.6M",
      "bigram model 2.470",
      "4 ranks, bf16",
      "10 layers × 160 wide",
      "+2.0e-7",
      "bits per byte",
      "resumed from /runs/mini/checkpoints/step-00000300.e0001",
      "skipped: loss not finite",
      "num_layers: 10",
      "Cost: 2 a device hour, 4 devices",
      "0.10 %",
      "Evaluation: iq",
      "pm_full_repeat",
      "what it wrote earlier, from step 586 on",
    ])
      expect(page.replaceAll(/\s+/g, " ")).toContain(text);
  });

  test("needs nothing but itself", async () => {
    const page = await reportOf(grownRun());
    expect(page).not.toMatch(/https?:|\bsrc=|@import|url\(|<link/);
    expect(page.length).toBeLessThan(400_000);
  });

  test("its script is sound", () => {
    expect(() => new Function(READOUT_SCRIPT)).not.toThrow();
  });
});

test("held-out preferences are drawn and listed, and their loss is that of a pair", async () => {
  const page = await reportOf({
    metrics: [1, 2, 3, 4].map((step) => stepRow(step, { loss: 0.7 - 0.05 * step })),
    events: [
      { type: "preference", step: 2, loss: 0.61, margin: 0.21, accuracy: 0.75, pairs: 1200 },
      { type: "preference", step: 4, loss: 0.52, margin: 0.48, accuracy: 0.875, pairs: 1200 },
    ],
  });
  expectSound(page);
  for (const text of [
    "<h2>Preferences</h2>",
    "On 1,200 held-out pairs",
    "<h3>Margin</h3>",
    ">0.4800</td>",
    ">87.5</td>",
    "nats per pair of answers",
    "loss (nats per pair of answers)",
  ])
    expect(page.replaceAll(/\s+/g, " ")).toContain(text);
  expect(page).not.toContain("nats per token");
});

test.each<[string, RunFiles]>([
  ["still running, or killed", { ...grownRun(), events: grownRun().events.slice(0, -1) }],
  ["no ending was recorded", { metrics: grownRun().metrics }],
  ["no training was recorded", { config: grownRun().config }], // as `import` leaves it
])("a run without an ending: %s", async (text, files) => {
  expect(await reportOf(files)).toContain(`>${text}</span`);
});

test("hostile texts stay texts", async () => {
  const attack = `</pre></script><script>alert(1)</script>"'&`;
  const page = await reportOf({
    config: `name: '${attack.replaceAll("'", "''")}'\n`,
    metrics: [stepRow(1)],
    events: [
      { type: "start", step: 0, device: attack, precision: attack, ranks: 1, parameters: 1 },
      { type: "warning", step: 1, message: attack },
      { type: "sample", step: 1, prompt: attack, text: attack },
      { type: "failed", step: 1, code: "INTERNAL", message: attack },
    ],
  });
  expect(page).not.toContain("<script>alert");
  expect(page.match(/<\/script>/g)).toHaveLength(2);
  expect(page).toContain("&lt;/pre&gt;&lt;/script&gt;");
});

describe("little or broken data", () => {
  test.each<[string, RunFiles]>([
    ["a config alone", { config: "name: x\n" }],
    ["empty metrics", { config: "name: x\n", metrics: [], events: [] }],
    ["one step", { metrics: [stepRow(1)] }],
    ["no FLOPs", { metrics: [1, 2, 3].map((step) => ({ step, tokens: step, loss: 1 })) }],
    ["no loss", { metrics: [1, 2, 3].map((step) => ({ ...stepRow(step), loss: null })) }],
    ["gaps", { metrics: [1, 2, 3].map((step) => stepRow(step, { loss: step % 2 ? 1 : NaN })) }],
    ["equal losses", { metrics: [1, 2, 3].map((step) => stepRow(step, { loss: 2 })) }],
    ["zeros", { metrics: [stepRow(1, { tokens: 0, flops_total: 0, lr: 0, grad_norm: 0 })] }],
    ["events alone", { events: grownRun().events }],
    ["metrics alone", { metrics: grownRun().metrics }],
  ])("%s makes a report", async (_, files) => {
    const page = await reportOf(files);
    expectSound(page);
    expect(page).toContain("</html>");
  });
});

test.each<[number | null, string, string]>([
  [0.42, "Model FLOPs utilisation", "Compute"],
  [null, "Compute", "Model FLOPs utilisation"],
])("with a utilisation of %s it shows %s", async (mfu, shown, other) => {
  const page = await reportOf({ metrics: [1, 2].map((step) => stepRow(step, { mfu })) });
  expect(page).toContain(`<h3>${shown}</h3>`);
  expect(page).not.toContain(`<h3>${other}</h3>`);
});

test("a million steps make a small page", () => {
  const steps = noSteps();
  for (let step = 1; step <= 1_000_000; step++)
    addRow(steps, stepRow(step, { loss: 2 + Math.sin(step) }));
  const record = { directory: "/run", steps, events: [], checkpoint: null, gaps: [] };
  const text = page([runFacts({ ...record, config: readConfigText(null) })]);
  expectSound(text);
  expect(text.length).toBeLessThan(500_000);
});

describe("several runs", () => {
  test("are drawn over one another and compared", async () => {
    const grown = writeRun(grownRun());
    const plain = writeRun({ config: "name: plain\nseed: 2\n", metrics: [stepRow(1), stepRow(2)] });
    const empty = writeRun({ config: "name: empty\n" });
    const out = join(temporaryDirectory(), "deep", "compare.html");
    const { path, runs } = await writeReport([grown, plain, empty], out);
    expect(path).toBe(out);
    expect(runs.map(({ name }) => name)).toEqual(["flm-mini", "plain", "empty"]);
    const page = readFileSync(out, "utf8");
    expectSound(page);
    expect(page).toContain("3 runs");
    expect(page).toMatch(/<code>seed<\/code>/);
    expect(page).toContain("growth events");
    expect(page.match(/class="dots ring-outside run-0"/g)).toHaveLength(4);
    expect(existsSync(join(grown, "report.html"))).toBe(false);
  });

  test("of one config are told apart by their directories", async () => {
    const out = join(temporaryDirectory(), "compare.html");
    const same = ["a", "b"].map(() => writeRun({ config: "name: same\n", metrics: [stepRow(1)] }));
    const other = writeRun({ config: "name: other\n", metrics: [stepRow(1)] });
    const { runs } = await writeReport([...same, other], out);
    const names = runs.map(({ name }) => name);
    expect(new Set(names).size).toBe(3);
    expect(names[2]).toBe("other");
    for (const [i, path] of same.entries()) expect(path.endsWith(names[i]!)).toBe(true);
  });

  test("of long names are told apart where there is little room", async () => {
    const out = join(temporaryDirectory(), "compare.html");
    const names = ["wide", "deep"].map((name) => `a-comparison-of-${name}`);
    const runs = names.map((name) =>
      writeRun({ config: `name: ${name}\n`, metrics: [stepRow(1)] }),
    );
    await writeReport(runs, out);
    const page = readFileSync(out, "utf8");
    for (const end of ["wide", "deep"]) expect(page).toMatch(new RegExp(`>a-compar….{3}-${end}<`));
  });

  test("without any step are still compared", async () => {
    const out = join(temporaryDirectory(), "compare.html");
    const runs = ["a", "b"].map((name) => writeRun({ config: `name: ${name}\n` }));
    await writeReport(runs, out);
    expect(readFileSync(out, "utf8")).toContain("No steps were recorded.");
  });
});

test("what the file system refuses names the path", async () => {
  const run = writeRun({ metrics: [stepRow(1)] });
  const { code, message } = await rejection(writeReport([run], "/dev/null/report.html"));
  expect(code).toBe("IO");
  expect(message).toContain("/dev/null/report.html");
});

test("no run is no report", async () => {
  expect((await rejection(writeReport([]))).code).toBe("INVALID_ARGUMENT");
});
