import type { RunFacts } from "../facts/run-facts.ts";
import { type Html, html, jsonScript, raw } from "../draw/html.ts";
import { comparison, differences } from "../sections/comparison.ts";
import { growthTable } from "../sections/growth-table.ts";
import { headline } from "../sections/headline.ts";
import { multiples } from "../sections/multiples.ts";
import { overlay } from "../sections/overlay.ts";
import { preferences } from "../sections/preferences.ts";
import { samples } from "../sections/samples.ts";
import { scores } from "../sections/scores.ts";
import { stageTable } from "../sections/stage-table.ts";
import { story } from "../sections/story.ts";
import { configuration, incidents } from "../sections/texts.ts";
import { validationTable } from "../sections/validation-table.ts";
import { READOUT_SCRIPT } from "./readout.ts";
import { readoutData } from "./readout-data.ts";
import { STYLE } from "./style.ts";

/** The whole report as one HTML file that needs nothing else: one run's story, or several runs compared. */
export function page(runs: readonly RunFacts[]): string {
  const only = runs.length === 1 ? runs[0]! : null;
  const title = runs.map(({ summary }) => summary.name).join(", ");
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · flm-train</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        ${only ? oneRun(only) : severalRuns(runs)}
        <footer>${runs.map(({ directory }) => html`<div>${directory}</div>`)}</footer>
        <script type="application/json" id="readout">
          ${jsonScript(readoutData(runs))}
        </script>
        <script type="module">
          ${raw(READOUT_SCRIPT)};
        </script>
      </body>
    </html> `;
  return text;
}

function oneRun(run: RunFacts): Html {
  const parts = [
    headline,
    story,
    stageTable,
    growthTable,
    multiples,
    scores,
    validationTable,
    preferences,
    samples,
    incidents,
    configuration,
  ];
  return html`${parts.map((part) => part(run))}`;
}

function severalRuns(runs: readonly RunFacts[]): Html {
  return html`<header><h1>${runs.length} runs</h1></header>
    ${comparison(runs)}${overlay(runs)}${differences(runs)}`;
}
