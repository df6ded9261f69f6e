/** The page's style sheet. Colours are Okabe and Ito's, which every kind of colour vision tells apart. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1b1d21; --soft: #5a6069; --rule: #d8dbe0; --grid: #e9ebee; --band: #f4f5f7;
  --train: #0072b2; --validation: #d55e00; --ramp: #e69f0033; --old: #0072b2; --new: #8cc4e6;
  --run-0: #0072b2; --run-1: #d55e00; --run-2: #009e73; --run-3: #cc79a7;
  --run-4: #b8860b; --run-5: #3fa7dd; --run-6: #5a6069;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --ink: #e6e8eb; --soft: #9aa1ab; --rule: #363b43; --grid: #24282e; --band: #1b1e23;
    --train: #56b4e9; --validation: #f28e4b; --ramp: #e69f0038; --old: #56b4e9; --new: #25597a;
    --run-0: #56b4e9; --run-1: #f28e4b; --run-2: #2fc39b; --run-3: #e09dc4;
    --run-4: #e6b93d; --run-5: #a5d8f3; --run-6: #9aa1ab;
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

.facts {
  display: grid; grid-template-columns: repeat(4, 1fr); gap: 1.3rem 1.75rem;
  margin: 1.5rem 0 0; padding: 1.1rem 0; border: solid var(--rule); border-width: 1px 0;
}
.facts .main { grid-column: span 2; }
.facts dt { color: var(--soft); font-size: 0.8rem; }
.facts dd { margin: 0; font-size: 1.15rem; line-height: 1.35; font-weight: 600; overflow-wrap: anywhere; }
.facts .main dd { font-size: 1.75rem; line-height: 1.15; }
.facts dd.note.note { font-size: 0.8rem; font-weight: 400; line-height: 1.4; }

.plot { padding: 1.5rem 0.5rem 0 2.9rem; font-size: 0.78rem; line-height: 1; }
.plot.with-ends { padding-right: 8.6rem; }
.marked .plot { padding-top: calc(1.9rem + var(--lanes) * 1.35rem); }
.area { position: relative; height: 24rem; border: solid var(--rule); border-width: 0 0 1px 1px; }
.small .area { height: 10rem; }
.area svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; clip-path: inset(0 -5px); }
.area span { position: absolute; white-space: nowrap; }
.y-tick { right: 100%; margin-right: 0.45rem; transform: translateY(-50%); color: var(--soft); }
.x-tick { top: 100%; margin-top: 0.5rem; transform: translateX(-50%); color: var(--soft); }
.y-title { left: -2.7rem; bottom: 100%; margin-bottom: 0.65rem; color: var(--soft); }
.x-title { margin: 1.7rem 0 0; text-align: right; color: var(--soft); }
.area .end {
  left: 100%; margin-left: 0.5rem; max-width: 8.1rem; transform: translateY(-50%); font-weight: 600;
  overflow: hidden; text-overflow: ellipsis; padding: 0.1rem 0;
}
.mark {
  bottom: 100%; height: calc(1.1rem + var(--lane) * 1.35rem); padding-left: 0.35rem;
  border-left: 1px solid var(--ink); font-weight: 600;
}
.wide { font-style: normal; }
/* Over the line of a later mark that rises behind it. */
.mark b { position: relative; z-index: 1; padding: 0 0.15rem; background: var(--paper); }
.mark.ends { padding: 0 0.35rem 0 0; border-width: 0 1px 0 0; border-style: solid; text-align: right; }
.marked .y-title { bottom: 100%; margin-bottom: calc(1.15rem + var(--lanes) * 1.35rem); }

svg .line, svg .dots { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }
svg .grid { stroke: var(--grid); }
svg .raw { stroke: var(--train); stroke-width: 1; opacity: 0.32; }
svg .train { stroke: var(--train); stroke-width: 1.8; }
.small svg .train { stroke-width: 1.2; }
svg .baseline { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 5 4; }
svg .growth { stroke: var(--ink); stroke-width: 1; }
.small svg .growth { opacity: 0.45; }
svg .dots { stroke-width: 8; }
svg .dots.validation { stroke: var(--validation); }
svg .band { fill: var(--band); }
svg .ramp { fill: var(--ramp); }
.end.train { color: var(--train); }
.end.validation { color: var(--validation); }
.end.baseline { color: var(--soft); font-weight: 400; }
${Array.from({ length: 7 }, (_, i) => `.run-${i} { color: var(--run-${i}); } svg .run-${i} { stroke: var(--run-${i}); }`).join("\n")}
svg .line[class*="run-"] { stroke-width: 1.8; }
svg .dots[class*="run-"] { stroke-width: 6; }
svg .line.dashed { stroke-dasharray: 6 4; }
.end-mark { display: inline-block; width: 1.1rem; margin-right: 0.5rem; vertical-align: middle; border-top: 2.5px solid; }
.end-mark.dashed { border-top-style: dashed; }

.shapes { display: flex; flex-wrap: wrap; gap: 1rem 3rem; margin: 1.5rem 0 0; padding: 0 0 0 2.9rem; list-style: none; align-items: flex-end; }
.shapes li { display: flex; flex-direction: column; font-size: 0.8rem; line-height: 1.45; color: var(--soft); }
.shapes svg { margin-bottom: 0.5rem; }
.shapes b { color: var(--ink); }
svg .old { fill: var(--old); }
svg .new { fill: var(--new); }
.swatch { display: inline-block; width: 1.1rem; margin: 0 0.15rem; vertical-align: middle; border-top: 2px solid var(--train); }
.swatch.raw { opacity: 0.4; border-top-width: 1px; }
.swatch.validation { width: 0.5rem; height: 0.5rem; border: 0; border-radius: 50%; background: var(--validation); }
.swatch.baseline { border-top: 1.5px dashed var(--soft); }
.swatch.old, .swatch.new { width: 0.8rem; height: 0.6rem; border: 0; background: var(--old); }
.swatch.new { background: var(--new); }

.multiples { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.75rem 1.5rem; }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; }
th { font-weight: 400; color: var(--soft); border-bottom: 1px solid var(--rule); vertical-align: bottom; }
th, td { padding: 0.35rem 0 0.35rem 1.3rem; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; }
td { border-bottom: 1px solid var(--grid); }
.number { text-align: right; }
.text { text-align: left; }
.same { color: var(--soft); }
pre {
  margin: 0; padding: 1rem; background: var(--band); font: 0.8rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
pre.sample { font-size: 0.875rem; }
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

@media (max-width: 40rem) {
  body { padding: 1.5rem 0.9rem 3rem; }
  .area { height: 18rem; }
  .facts { grid-template-columns: repeat(2, 1fr); }
  .plot.with-ends { padding-right: 4rem; }
  .area .end { max-width: 3.8rem; margin-left: 0.3rem; }
  .wide { display: none; }
  .x-tick.extra { display: none; }
  .shapes { padding-left: 0; gap: 1rem 1.5rem; }
}
@media print {
  body { padding: 0; max-width: none; font-size: 11px; }
  section, figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  svg, .swatch { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
