import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrowserPage, findBrowser } from "./support/browser.ts";
import { succeed } from "./support/cli.ts";
import { sharedProject, SMALL, STEP_TOKENS } from "./support/project.ts";

// Pictures of any run, such as those in docs/images:
//   FLM_REPORT=runs/quickstart/report.html FLM_PICTURES=docs/images npx vitest run test/e2e/report-browser.test.ts
const { FLM_REPORT, FLM_PICTURES } = process.env;

const PAGE = { width: 1100, height: 1240 };
const PHONE = 390;
const TAB = 9;
const ARROW_LEFT = 37;
const ARROW_RIGHT = 39;
const LONG_NAME = "a-stage-of-a-name-that-is-as-long-as-a-line-and-then-some-more-".repeat(2);

const browser = findBrowser();
if (browser === null)
  console.log("report.html was not opened: there is no Chromium (FLM_CHROMIUM names one)");

const grown = sharedProject({
  stages: [SMALL, { ...SMALL, num_layers: 3, hidden_size: 48, num_attention_heads: 3 }].map(
    (stage, i) => ({ ...stage, tokens: 6 * STEP_TOKENS, name: `${LONG_NAME}${i}` }),
  ),
  growth: { ramp_steps: 2 },
  eval: { interval_steps: 3, sample_prompt: "she ", sample_tokens: 8 },
});

describe.skipIf(browser === null)("report.html in a browser", () => {
  let page: BrowserPage;
  let report: string;

  beforeAll(async () => {
    await succeed(["config.yaml"], { cwd: grown.directory });
    report = join(grown.run, "report.html");
    page = await BrowserPage.open(browser!);
    await page.resize(PAGE.width, PAGE.height);
    await page.goto(report);
  });

  afterAll(() => page?.close());

  const shown = (selector: string) =>
    page.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})]
      .flatMap((it, i) => it.checkVisibility() ? [i] : [])`);

  it("shows the growth", async () => {
    expect(await page.evaluate("document.querySelector('h2').textContent")).toBe("Growth and loss");
    expect(await shown(".view")).toEqual([0]);
  });

  it("is used with the keyboard alone: the axis, then the values", async () => {
    await page.press("Tab", TAB);
    await page.press("ArrowRight", ARROW_RIGHT);
    expect(await shown(".view")).toEqual([1]);
    await page.press("Tab", TAB);
    await page.press("ArrowLeft", ARROW_LEFT);
    expect(await page.evaluate("document.querySelector('.reading .box').textContent")).toMatch(
      /^step 12, .* tokens\nloss \d/,
    );
  });

  it.each(["light", "dark"] as const)("is readable in %s", async (scheme) => {
    await page.prefer(scheme);
    const colours = (await page.evaluate(
      `(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))`,
    )) as string[];
    const [ink, paper] = colours.map(brightness);
    expect(scheme === "light" ? paper! - ink! : ink! - paper!).toBeGreaterThan(180);
  });

  it.each([PHONE, 768, 769, PAGE.width])(
    "fits into %i pixels: tables scroll, the page does not",
    async (width) => {
      await page.resize(width, 800, width === PHONE);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    },
  );

  it("shows numbers beside a long name on a phone", async () => {
    await page.resize(PHONE, 800, true);
    const right = await page.evaluate(
      "document.querySelector('td.number').getBoundingClientRect().right",
    );
    expect(right).toBeLessThan(PHONE);
  });

  it("asks for nothing and complains of nothing", () => {
    expect(page.errors).toEqual([]);
    expect(page.requests).toEqual([pathToFileURL(report).href]);
  });

  it.runIf(FLM_REPORT && FLM_PICTURES)("has its picture taken", async () => {
    mkdirSync(FLM_PICTURES!, { recursive: true });
    await page.resize(PAGE.width, PAGE.height);
    for (const scheme of ["light", "dark"] as const) {
      await page.prefer(scheme);
      await page.goto(FLM_REPORT!);
      writeFileSync(join(FLM_PICTURES!, `report-${scheme}.png`), await page.screenshot());
    }
    expect(page.errors).toEqual([]);
  });
});

/** Mean of "rgb(r, g, b)". */
function brightness(colour: string): number {
  const channels = colour.match(/\d+/g)!.slice(0, 3).map(Number);
  return channels.reduce((sum, channel) => sum + channel, 0) / 3;
}
