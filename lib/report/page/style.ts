import { PLOT_STYLE } from "./plot-style.ts";

/** The page's style sheet. Colours are Okabe and Ito's, which every kind of colour vision tells apart. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1b1d21; --soft: #5a6069; --rule: #d8dbe0; --grid: #e9ebee; --band: #f4f5f7;
  --train: #0072b2; --validation: #d55e00; --ramp: #e69f0033; --old: #0072b2; --new: #8cc4e6;
  --run-0: #0072b2; --run-1: #d55e00; --run-2: #009e73; --run-3: #cc79a7;
  --run-4: #b8860b; --run-5: #2e98d0; --run-6: #5a6069;
  --text-brightness: 0.72;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --ink: #e6e8eb; --soft: #9aa1ab; --rule: #363b43; --grid: #24282e; --band: #1b1e23;
    --train: #56b4e9; --validation: #f28e4b; --ramp: #e69f0038; --old: #56b4e9; --new: #25597a;
    --run-0: #56b4e9; --run-1: #f28e4b; --run-2: #2fc39b; --run-3: #e09dc4;
    --run-4: #e6b93d; --run-5: #a5d8f3; --run-6: #9aa1ab;
    --text-brightness: 1;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 70rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 0 0 0.75rem; font-size: 1.1rem; }
h3 { margin: 0 0 0.25rem; font-size: 0.875rem; font-weight: 600; }
section { margin-top: 2.75rem; }
figure { margin: 0; }
figcaption, .note, .subtitle { color: var(--soft); font-size: 0.875rem; }
figcaption { margin-top: 0.6rem; max-width: 46rem; }
.subtitle { margin: 0.35rem 0 0; }
.status { font-weight: 600; color: var(--validation); }
.status.done { color: inherit; }
.failure { margin: 0.5rem 0 0; white-space: pre-wrap; color: var(--validation); }
.empty { color: var(--soft); }
/* What is bright enough for a line is too bright for small text on white. */
.status, .failure, .end { filter: brightness(var(--text-brightness)); }

.facts {
  display: grid; grid-template-columns: repeat(4, 1fr); gap: 1.3rem 1.75rem;
  margin: 1.5rem 0 0; padding: 1.1rem 0; border: solid var(--rule); border-width: 1px 0;
}
.facts .main { grid-column: span 2; }
.facts dt { color: var(--soft); font-size: 0.8rem; }
.facts dd { margin: 0; font-size: 1.15rem; line-height: 1.35; font-weight: 600; overflow-wrap: anywhere; }
.facts .main dd { font-size: 1.75rem; line-height: 1.15; }
.facts dd.note.note { font-size: 0.8rem; font-weight: 400; line-height: 1.4; }

${PLOT_STYLE}
.views { margin-top: 0.25rem; }
.switch { display: flex; flex-wrap: wrap; align-items: center; gap: 0.35rem; margin: 0 0 0.9rem; padding: 0; border: 0; font-size: 0.875rem; }
.switch legend { float: left; margin-right: 0.4rem; padding: 0; color: var(--soft); }
.switch input { position: absolute; opacity: 0; }
.switch span { display: block; padding: 0.25rem 0.7rem; border: 1px solid var(--rule); border-radius: 1rem; cursor: pointer; }
.switch input:checked + span { border-color: var(--ink); background: var(--ink); color: var(--paper); }
.switch input:focus-visible + span, :focus-visible { outline: 2px solid var(--train); outline-offset: 2px; }
.view { display: none; }
${Array.from({ length: 4 }, (_, i) => `.views:has(.choice-${i}:checked) > .view-${i}`).join(", ")} { display: block; }
/* A browser without :has shows all of them. */
@supports not selector(:has(*)) { .view { display: block; margin-top: 1.5rem; } .switch { display: none; } }

.multiples { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1.75rem 1.5rem; }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; }
th { font-weight: 400; color: var(--soft); border-bottom: 1px solid var(--rule); vertical-align: bottom; }
th, td { padding: 0.35rem 0 0.35rem 1.3rem; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; }
td { border-bottom: 1px solid var(--grid); }
tfoot td { border: 0; font-weight: 600; }
.multiples + h3 { margin-top: 1.75rem; }
.task { padding-left: 1rem; }
.score-bar { display: block; }
.score-bar .range { stroke: var(--train); stroke-width: 3; opacity: 0.45; }
.score-bar .floor { stroke: var(--ink); stroke-width: 1.5; }
.score-bar circle { fill: var(--train); }
.number { text-align: right; }
.text > span { display: inline-block; width: max-content; max-width: 22rem; white-space: normal; overflow-wrap: break-word; }
.text { text-align: left; }
.same { color: var(--soft); }
pre {
  margin: 0; padding: 1rem; background: var(--band); font: 0.8rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
pre.sample { font-size: 0.875rem; }
.written { margin-bottom: 1rem; }
.written figcaption { margin: 0 0 0.35rem; }
.scroll + .note, .written + .note { margin-top: 0.6rem; }
summary { cursor: pointer; color: var(--soft); font-size: 0.875rem; margin-bottom: 0.6rem; }
.incidents { margin: 0; padding: 0; list-style: none; font-size: 0.875rem; overflow-wrap: anywhere; }
.incidents li { padding: 0.3rem 0; border-bottom: 1px solid var(--grid); }
.incidents li > span { display: inline-block; min-width: 6rem; color: var(--soft); }
footer { margin-top: 3rem; color: var(--soft); font-size: 0.8rem; overflow-wrap: anywhere; }

.cross, .box { position: absolute; display: none; pointer-events: none; }
.reading .cross, .reading .box { display: block; }
.cross { top: 0; bottom: 0; border-left: 1px dotted var(--soft); }
.box {
  top: 0.4rem; margin-left: 0.6rem; padding: 0.4rem 0.55rem; white-space: pre; line-height: 1.45; z-index: 1;
  background: var(--paper); border: 1px solid var(--rule);
}
.box.before { transform: translateX(calc(-100% - 1.2rem)); }

@media (max-width: 48rem) {
  body { padding: 1.5rem 0.9rem 3rem; }
  .area { height: 18rem; }
  .facts { grid-template-columns: repeat(2, 1fr); }
  .plot.with-ends { padding-right: 4rem; }
  .area .end { max-width: 3.8rem; margin-left: 0.3rem; }
  .wide { display: none; }
  .x-tick.extra { display: none; }
  .text:nth-child(-n + 2) > span { max-width: 10rem; }
  .shapes { padding-left: 0; gap: 1rem 1.5rem; }
}
@media print {
  body { padding: 0; max-width: none; font-size: 11px; }
  section, figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  svg, .swatch { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
