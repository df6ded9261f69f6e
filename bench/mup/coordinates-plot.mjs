// The coordinate check as a picture: change of activations over width, both logarithmic, a panel for each parametrisation.
const [WIDTH, HEIGHT] = [900, 420];
const PANEL = { top: 50, bottom: 350, width: 300, lefts: [70, 430] };
const COLOURS = ["#b3261e", "#8a6d00", "#2e7d32", "#1f5fa8", "#6a3fa0"];
const LEGEND_LEFT = 760;

/** @param {import("../../dist/cli/sweep/coordinate-check.js").CoordinateCheck} check */
export function coordinatesSvg({ widths, mup, standard, steps }) {
  const changes = [...mup, ...standard].flatMap((row) => row.changes);
  const low = Math.floor(Math.log10(Math.min(...changes)));
  const high = Math.ceil(Math.log10(Math.max(...changes)));
  const y = (value) =>
    round(PANEL.bottom - ((Math.log10(value) - low) / (high - low)) * (PANEL.bottom - PANEL.top));
  const decades = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  const panels = [
    ["muP", mup],
    ["standard parametrisation", standard],
  ].map(([title, rows], i) => panel(title, rows, PANEL.lefts[i], { widths, y, decades }));
  const title = text(70, 20, `mean change of activations after ${steps} steps`, "start");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>
${[title, ...panels, legend(mup)].join("\n")}
</svg>
`;
}

function panel(title, rows, left, { widths, y, decades }) {
  const span = Math.log2(widths.at(-1) / widths[0]);
  const x = (width) =>
    round(left + 15 + (Math.log2(width / widths[0]) / span) * (PANEL.width - 30));
  return [
    `<path d="M${left} ${PANEL.top}V${PANEL.bottom}H${left + PANEL.width}" fill="none" stroke="black"/>`,
    text(left + PANEL.width / 2, PANEL.top - 10, title, "middle"),
    text(left + PANEL.width / 2, PANEL.bottom + 40, "width", "middle"),
    ...widths.map((width) => text(x(width), PANEL.bottom + 18, width, "middle")),
    ...decades.map((value) => text(left - 6, y(value) + 4, value, "end")),
    ...rows.map(({ changes }, i) => {
      const points = changes.map((change, j) => `${x(widths[j])},${y(change)}`).join(" ");
      return `<polyline points="${points}" fill="none" stroke="${COLOURS[i]}" stroke-width="2"/>`;
    }),
  ].join("\n");
}

function legend(rows) {
  return rows
    .map(({ coordinate }, i) =>
      text(LEGEND_LEFT, PANEL.top + 20 + 20 * i, coordinate, "start", COLOURS[i]),
    )
    .join("");
}

function text(x, y, content, anchor, colour = "black") {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}">${content}</text>`;
}

function round(value) {
  return Number(value.toFixed(1));
}
