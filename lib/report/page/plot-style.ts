/** The part of the style sheet that draws: plots, their labels, and the shapes of the stages. */
export const PLOT_STYLE = `
.plot { padding: 1.5rem 0.5rem 0 2.9rem; font-size: 0.78rem; line-height: 1; }
.plot.with-ends { padding-right: 8.6rem; }
.marked .plot { padding-top: calc(1.9rem + var(--lanes) * 1.35rem); }
.area { position: relative; height: 24rem; border: solid var(--rule); border-width: 0 0 1px 1px; }
.small .area { height: 10rem; }
.area svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; clip-path: inset(0 -8px); }
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
svg .dots.score { stroke: var(--train); stroke-width: 6; }
svg .interval { fill: var(--train); opacity: 0.2; }
svg .dots.ring-outside.ring-outside { stroke-width: 15; }
svg .dots.ring-inside { stroke: var(--paper); stroke-width: 9; }
svg .band { fill: var(--band); }
svg .ramp { fill: var(--ramp); }
.end.train { color: var(--train); }
.end.validation { color: var(--validation); }
.end.baseline { color: var(--soft); font-weight: 400; }
${Array.from({ length: 7 }, (_, i) => `.run-${i} { color: var(--run-${i}); } svg .run-${i} { stroke: var(--run-${i}); }`).join("\n")}
svg .line[class*="run-"] { stroke-width: 1.8; }
svg .dots[class*="run-"] { stroke-width: 6; }
svg .dots.many.many { stroke-width: 3; }
svg .line.dashed { stroke-dasharray: 6 4; }
/* Square, for what is round is validation. */
svg .line.alone.alone { stroke-width: 5; stroke-linecap: square; stroke-dasharray: none; }
.end-mark { display: inline-block; width: 1.1rem; margin-right: 0.5rem; vertical-align: middle; border-top: 2.5px solid; }
.end-mark.dashed { border-top-style: dashed; }

.shapes { display: flex; flex-wrap: wrap; gap: 1rem 3rem; margin: 1.5rem 0 0; padding: 0 0 0 2.9rem; list-style: none; align-items: flex-end; }
.shapes li { display: flex; flex-direction: column; max-width: 100%; overflow-wrap: anywhere; font-size: 0.8rem; line-height: 1.45; color: var(--soft); }
.shapes svg { margin-bottom: 0.5rem; }
.shapes b { color: var(--ink); }
svg .old { fill: var(--old); }
svg .new { fill: var(--new); }
.swatch { display: inline-block; width: 1.1rem; margin: 0 0.15rem; vertical-align: middle; border-top: 2px solid var(--train); }
.swatch.raw { opacity: 0.4; border-top-width: 1px; }
.swatch.validation { width: 0.5rem; height: 0.5rem; border: 0; border-radius: 50%; background: var(--validation); }
.swatch.baseline { border-top: 1.5px dashed var(--soft); }
.swatch.interval { height: 0.6rem; border: 0; background: var(--train); opacity: 0.25; }
.ring { display: inline-block; width: 0.75rem; height: 0.75rem; margin: 0 0.2rem 0 0.4rem; vertical-align: middle; border: 2.5px solid var(--soft); border-radius: 50%; }
.swatch.old, .swatch.new { width: 0.8rem; height: 0.6rem; border: 0; background: var(--old); }
.swatch.new { background: var(--new); }
`;
